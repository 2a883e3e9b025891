/** Command lines that need nothing but somebody who answers; by whom they ask. */
const REASON = ['--reason', 'because'];

/** Verbs that ask the facade before anything else. */
export const ASK_FACADE = [
  ['status'],
  ['observations'],
  ['evidence'],
  ['advance', 'articles', ...REASON],
  ['rollback', 'articles', ...REASON],
  ['retire', 'articles', ...REASON],
  ['pause', 'articles', ...REASON],
  ['resume', 'articles', ...REASON],
  ['kill', 'articles', ...REASON],
  ['pin', 'articles', '--to', 'candidate'],
  ['record', 'articles', '--output', '/dev/null/never'],
  ['reload', ...REASON],
  ['instances'],
  ['ledger'],
  ['ledger', 'verify'],
  ['report', '--html', '/dev/null/never'],
];
/** Verbs that ask the facade, and cannot without a plan. */
export const ASK_FACADE_WITH_PLAN = [['next'], ['cutover', 'articles', ...REASON]];
/** Verbs that ask the relay. */
export const ASK_RELAY = [
  ['backfill', 'articles'],
  ['reconcile', 'articles'],
  ['capture', 'status', 'articles'],
  ['capture', 'install', 'articles'],
  ['capture', 'remove', 'articles'],
];
