export type AclErrorCode =
  | 'ACL_SERVICE_CONNECT'
  | 'ACL_SERVICE_TIMEOUT'
  | 'ACL_SERVICE_PROBLEM'
  | 'ACL_SERVICE_ANSWER'
  | 'ACL_NOT_THE_OWNER'
  | 'ACL_DRY_RUN_UNSUPPORTED';

/** Base of everything acl throws on purpose: a stable code and a JSON form. */
export class AclError extends Error {
  readonly code: AclErrorCode;

  constructor(code: AclErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'AclError';
    this.code = code;
  }

  toJSON(): { code: string; message: string } {
    return { code: this.code, message: this.message };
  }
}

/** The service could not be reached, did not answer in time, or broke off. */
export class ServiceUnreachable extends AclError {
  override readonly name = 'ServiceUnreachable';
}

/** The service answered with a refusal (RFC 9457 problem+json, or a bare error status). */
export class ServiceProblem extends AclError {
  override readonly name = 'ServiceProblem';
  readonly status: number;
  /** Code of the problem, e.g. `FREELANCER_EMAIL_TAKEN`; '' when the answer had none. */
  readonly problemCode: string;
  readonly detail: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];

  constructor(where: string, status: number, body: unknown) {
    const problem = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
    const text = (key: string) => (typeof problem[key] === 'string' ? problem[key] : '');
    const detail = text('detail') || text('title');
    super('ACL_SERVICE_PROBLEM', `${where} answered ${status}${detail === '' ? '' : `: ${detail}`}`);
    this.status = status;
    this.problemCode = text('code');
    this.detail = detail;
    this.errors = Array.isArray(problem.errors) ? problem.errors : [];
  }
}

/** Why a service takes no write, as the header `x-fig-refused` says it. */
export type Refused = 'not-the-owner' | 'epoch-stale';

/** The service refused a write: its data has another owner by now, or the request was decided in another epoch. */
export class NotTheOwner extends AclError {
  override readonly name = 'NotTheOwner';
  /** Null: an earlier write of the same request may have had an effect, so that it cannot go elsewhere as a whole. */
  readonly refused: Refused | null;

  constructor(where: string, body: unknown, refused: Refused | null) {
    super('ACL_NOT_THE_OWNER', new ServiceProblem(where, 409, body).message);
    this.refused = refused;
  }
}
