import { createHash } from 'node:crypto';

/** A name that fits every database (64 characters), tells what it is, and is another one for each table and purpose. */
export function triggerName(purpose: string, ...tables: readonly string[]): string {
  const digest = createHash('sha256')
    .update([purpose, ...tables].join('\0'))
    .digest('hex')
    .slice(0, 8);
  const readable = tables.join('_').replace(/\W/g, '_').slice(0, 30);
  return `_fig_${purpose}_${readable}_${digest}`;
}
