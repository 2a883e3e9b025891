/** Others keep the legacy database, or a table of it, locked; nothing has changed. The message says who and what to do. */
export class LegacyBusy extends Error {
  override readonly name = 'LegacyBusy';
}

/** A transaction that is open in the database: who, for how long, and what it does, as far as this user may see it. */
export type OpenTransaction = {
  readonly id: string;
  readonly seconds: number;
  readonly user: string;
  readonly doing: string;
};

/** Who stands in the way, in words; empty when nobody can be seen. */
export function describeTransactions(open: readonly OpenTransaction[]): string {
  const who = open.map(({ id, seconds, user, doing }) => `${id} (${user}, open for ${seconds} s: ${doing})`);
  return who.length > 0 ? `; open transactions: ${who.join('; ')}` : '';
}
