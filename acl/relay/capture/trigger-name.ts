import { createHash } from 'node:crypto';

/**
 * A name that fits every database (64 characters), tells what it is, and is another one for each purpose, table and
 * body: a trigger that has to be replaced has a name that is wanted no more, and the new one can stand beside it.
 */
export function triggerName(purpose: string, tables: readonly string[], body: string): string {
  const digest = createHash('sha256')
    .update([purpose, ...tables, body].join('\0'))
    .digest('hex')
    .slice(0, 8);
  const readable = tables.join('_').replace(/\W/g, '_').slice(0, 30);
  return `_fig_${purpose}_${readable}_${digest}`;
}
