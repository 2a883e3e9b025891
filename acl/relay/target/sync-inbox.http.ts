import { z } from 'zod';
import type { HttpClient } from '../../gateway-kit/http-client.ts';
import { parseExactly } from './exact-json.ts';
import { readAnswer } from './read-answer.ts';
import type { SyncInbox } from './sync-inbox.ts';

const ticketAnswer = z.object({ ticket: z.string().regex(/^\d+$/) });
const batchAnswer = z.object({
  applied: z.int().min(0),
  stale: z.int().min(0),
  rejected: z.array(z.object({ key: z.string(), reason: z.string() })),
});
const heldRows = z.array(z.object({ key: z.string(), deleted: z.boolean(), value: z.unknown() }));
const exportAnswer = z.object({
  rows: z.array(z.object({ key: z.string(), deleted: z.boolean() })),
  next: z.string().nullable(),
});
const rowsAnswer = z.object({ rows: heldRows });

/** The sync inbox protocol over HTTP. Throws ServiceUnreachable, ServiceProblem, or AclError on a malformed answer. */
export function httpSyncInbox(client: HttpClient): SyncInbox {
  return {
    url: client.url,
    async takeTicket() {
      const answer = await client.expect({ method: 'POST', path: '/.fig/sync/tickets' });
      return readAnswer(ticketAnswer, answer, client.url).ticket;
    },
    async apply(stream, ticket, rows) {
      const path = `/.fig/sync/${encodeURIComponent(stream)}/batches`;
      const answer = await client.expect({ method: 'POST', path, json: { ticket, rows } });
      return readAnswer(batchAnswer, answer, client.url);
    },
    async keysAfter(stream, after, limit) {
      const query = new URLSearchParams({
        ...{ limit: String(limit), values: 'false' },
        ...(after === null ? {} : { after }),
      });
      const path = `/.fig/sync/${encodeURIComponent(stream)}/export?${query}`;
      const page = readAnswer(exportAnswer, await client.expect({ method: 'GET', path }), client.url);
      return { keys: page.rows.flatMap(({ key, deleted }) => (deleted ? [] : [key])), next: page.next };
    },
    async rows(stream, keys) {
      const path = `/.fig/sync/${encodeURIComponent(stream)}/rows`;
      const answer = await client.expect({ method: 'POST', path, json: { keys }, parse: parseExactly });
      return readAnswer(rowsAnswer, answer, client.url).rows;
    },
  };
}
