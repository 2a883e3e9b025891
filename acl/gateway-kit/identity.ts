/** Who is behind a legacy session. `role` is legacy's own word for it, `number` its number of the user. */
export type Session = { readonly number: number; readonly login: string; readonly role: string };

/** Tells whose session a Cookie header carries. */
export type IdentityBridge = {
  /** Null when nobody is logged in. Throws ServiceUnreachable or ServiceProblem when legacy cannot say. */
  introspect(cookieHeader: string | undefined): Promise<Session | null>;
};
