import { z } from 'zod';
import { AclError } from '../../gateway-kit/error.ts';
import type { HttpAnswer, HttpClient } from '../../gateway-kit/http-client.ts';
import { parseExactly } from './exact-json.ts';
import type { SyncInbox } from './sync-inbox.ts';

const ticketAnswer = z.object({ ticket: z.string().regex(/^\d+$/) });
const batchAnswer = z.object({
  applied: z.int().min(0),
  stale: z.int().min(0),
  rejected: z.array(z.object({ key: z.string(), reason: z.string() })),
});
const heldRows = z.array(z.object({ key: z.string(), deleted: z.boolean(), value: z.unknown() }));
const exportAnswer = z.object({ rows: heldRows, next: z.string().nullable() });
const rowsAnswer = z.object({ rows: heldRows });

/** The sync inbox protocol over HTTP. Throws ServiceUnreachable, ServiceProblem, or AclError on a malformed answer. */
export function httpSyncInbox(client: HttpClient): SyncInbox {
  return {
    url: client.url,
    async takeTicket() {
      const answer = await client.expect({ method: 'POST', path: '/.fig/sync/tickets' });
      return read(ticketAnswer, answer, client.url).ticket;
    },
    async apply(stream, ticket, rows) {
      const path = `/.fig/sync/${encodeURIComponent(stream)}/batches`;
      const answer = await client.expect({ method: 'POST', path, json: { ticket, rows } });
      return read(batchAnswer, answer, client.url);
    },
    async exportAfter(stream, after, limit) {
      const query = new URLSearchParams({ limit: String(limit), ...(after === null ? {} : { after }) });
      const path = `/.fig/sync/${encodeURIComponent(stream)}/export?${query}`;
      return read(exportAnswer, await client.expect({ method: 'GET', path }), client.url);
    },
    async rows(stream, keys) {
      const path = `/.fig/sync/${encodeURIComponent(stream)}/rows`;
      const answer = await client.expect({ method: 'POST', path, json: { keys }, parse: parseExactly });
      return read(rowsAnswer, answer, client.url).rows;
    },
  };
}

function read<T>(shape: z.ZodType<T>, answer: HttpAnswer, url: string): T {
  const result = shape.safeParse(answer.body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new AclError(
    'ACL_SERVICE_ANSWER',
    `${url}: not the sync inbox protocol: ${issue?.path.join('.')} ${issue?.message}`,
  );
}
