import type { Role } from '#plan/model/access-token.ts';

/** Who makes a call of the admin API; known from the token, never from the request. */
export type Caller = { readonly actor: string; readonly role: Role };

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** Whether `role` may do what asks for `needed`: each role may do all that the one before it may. */
export function allows(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed];
}

/** Port: who a token stands for, null for one that is not known, or no longer. Adapter: a file of digests. */
export type Access = {
  callerOf(token: string): Promise<Caller | null>;
};
