import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Role } from '#plan/model/access-token.ts';
import type { Author } from '../../control/change.ts';
import type { Caller } from '../../core/access.ts';
import type { ProblemBody } from '../problem.ts';
import type { ProblemCode } from '../problem-codes.ts';

/** One call, checked: who calls, and what the schemas made of body and query. */
export type Call<B = unknown, Q = unknown> = {
  readonly params: Readonly<Record<string, string>>;
  readonly body: B;
  readonly query: Q;
  readonly caller: Caller;
  readonly request: Request;
};

/** `take` answers by itself: for what is no JSON document. */
export type Reply =
  | { readonly body: unknown }
  | { readonly problem: ProblemBody }
  | { readonly take: (response: Response) => void };

/** One operation of the admin API: what it asks for, what it answers, who may call it, and the work. */
export type Operation<B = unknown, Q = unknown> = {
  readonly id: string;
  readonly method: 'get' | 'post';
  /** With `{name}` for each parameter. */
  readonly path: string;
  readonly summary: string;
  /** The least role that may call it; null: anybody. `force` in a body asks for admin. */
  readonly role: Role | null;
  readonly body?: z.ZodType<B>;
  readonly query?: z.ZodType<Q>;
  /** Request headers that mean something, with what they mean. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Null: this version only says why it cannot be done. */
  readonly answer: {
    readonly status: number;
    readonly description: string;
    readonly schema: z.ZodType;
    /** Default: JSON. */
    readonly mediaType?: string;
  } | null;
  /** The answer goes on and on, so that HEAD is answered without beginning it. */
  readonly endless?: true;
  /** Codes of its own, beside those that every operation of its shape can answer. */
  readonly problems: readonly ProblemCode[];
  handle(call: Call<B, Q>): Reply | Promise<Reply>;
};

/** Ties the schemas of an operation to its work, and forgets their types behind it. */
export const operation = <B, Q>(of: Operation<B, Q>): Operation => of as unknown as Operation;

/** Actor and reason of a change. The actor is what the token says, never what a body claims. */
export const authorOf = ({ caller, body }: Call<{ reason: string }>): Author => ({
  actor: caller.actor,
  reason: body.reason,
});

/** Every code that an operation can answer. What else goes wrong is `ROUTE_INTERNAL`. */
export function problemsOf({ path, role, body, query, problems }: Operation): ProblemCode[] {
  const codes = new Set<ProblemCode>(['AUTH_HOST_REFUSED', ...problems]);
  if (role !== null) codes.add('AUTH_TOKEN_INVALID');
  if (role === 'operator' || role === 'admin') codes.add('AUTH_ROLE_INSUFFICIENT');
  if (body || query || path.includes('{')) codes.add('ROUTE_REQUEST_INVALID');
  if (body) codes.add('ROUTE_BODY_TOO_LARGE');
  return [...codes];
}
