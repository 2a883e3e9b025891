import { ServiceProblem } from '../../gateway-kit/error.ts';
import type { HttpAnswer, HttpCall, HttpClient } from '../../gateway-kit/http-client.ts';
import {
  type Edit,
  type FreelancerValue,
  freelancerId,
  type Profile,
} from '../../translators/freelancers.ts';

/** A freelancer with the version that its next change must name. */
export type Versioned = FreelancerValue & { readonly version: number };
export type Page = { readonly items: readonly FreelancerValue[]; readonly total: number };
/** What became of a change. `invalid` is a value that legacy would have taken and the service does not. */
export type Change =
  | { readonly kind: 'done'; readonly freelancer: FreelancerValue }
  | { readonly kind: 'stale' | 'missing' | 'email-taken' | 'already-blocked' | 'invalid' };

/** The new service as the gateway needs it, addressed by legacy's numbers. `requestId` is passed on. */
export class FreelancersService {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  async search(
    query: Readonly<Record<string, string>>,
    paging: { readonly skip: number; readonly limit: number },
    requestId: string,
  ): Promise<Page> {
    const { skip, limit } = paging;
    const search = new URLSearchParams({
      ...query,
      skip: String(skip),
      limit: String(limit),
      count: 'exact',
    });
    const answer = await this.#http.expect(
      traced({ method: 'GET', path: `/v2/freelancers?${search}` }, requestId),
    );
    return answer.body as Page;
  }

  async find(number: number, requestId: string): Promise<Versioned | null> {
    const answer = await this.#http.send(traced({ method: 'GET', path: pathOf(number) }, requestId));
    if (answer.status === 404) return null;
    if (answer.status === 200) return answer.body as Versioned;
    throw unexpected('GET', answer);
  }

  async create(profile: Profile, requestId: string): Promise<Change> {
    return this.#change({ method: 'POST', path: '/v2/freelancers', json: profile }, requestId);
  }

  /** Changes exactly the version that was read. */
  async edit(current: Versioned, edit: Edit, requestId: string): Promise<Change> {
    const headers = { 'if-match': `"${current.version}"`, 'content-type': 'application/merge-patch+json' };
    return this.#change({ method: 'PATCH', path: pathOf(current.number), json: edit, headers }, requestId);
  }

  async activate(number: number, requestId: string): Promise<Change> {
    return this.#change({ method: 'POST', path: `${pathOf(number)}/activate` }, requestId);
  }

  async block(number: number, reason: string, requestId: string): Promise<Change> {
    return this.#change({ method: 'POST', path: `${pathOf(number)}/block`, json: { reason } }, requestId);
  }

  /** False when there is no such freelancer. */
  async archive(number: number, requestId: string): Promise<boolean> {
    const answer = await this.#http.send(traced({ method: 'DELETE', path: pathOf(number) }, requestId));
    if (answer.status === 204) return true;
    if (answer.status === 404) return false;
    throw unexpected('DELETE', answer);
  }

  async #change(call: HttpCall, requestId: string): Promise<Change> {
    const answer = await this.#http.send(traced(call, requestId));
    if (answer.status === 200 || answer.status === 201)
      return { kind: 'done', freelancer: answer.body as FreelancerValue };
    if (answer.status === 404) return { kind: 'missing' };
    if (answer.status === 412) return { kind: 'stale' };
    if (answer.status === 400 || answer.status === 422) return { kind: 'invalid' };
    const code = (answer.body as { code?: unknown } | null)?.code;
    if (answer.status === 409 && code === 'FREELANCER_EMAIL_TAKEN') return { kind: 'email-taken' };
    if (answer.status === 409) return { kind: 'already-blocked' };
    throw unexpected(call.method, answer);
  }
}

function pathOf(number: number): string {
  return `/v2/freelancers/${freelancerId(number)}`;
}

function traced(call: HttpCall, requestId: string): HttpCall {
  return { ...call, headers: { 'x-request-id': requestId, ...call.headers } };
}

function unexpected(method: string, answer: HttpAnswer): ServiceProblem {
  return new ServiceProblem(`${method} /v2/freelancers`, answer.status, answer.body);
}
