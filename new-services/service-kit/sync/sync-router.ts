import { Router } from 'express';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { jsonBody } from '../http/json-body.ts';
import { parse } from '../http/parse.ts';
import { methodNotAllowed, Problem, problem } from '../http/problem.ts';
import { textOf } from '../http/text-schema.ts';
import { pageSize, reverseRouter } from './reverse-router.ts';
import { applyBatch, exportPage } from './sync-inbox.ts';
import { isKeyOf, type SyncStream } from './sync-stream.ts';
import { lastTicket, takeTicket } from './sync-tables.ts';

/** Rows a batch may hold. */
const maxRows = 1000;

const key = textOf(200).min(1);

const rowSchema = z
  .strictObject({ key, deleted: z.boolean(), value: z.unknown().optional() })
  .refine((row) => !row.deleted || row.value === undefined, {
    path: ['value'],
    message: 'must be left out when deleted is true',
  });

const batchSchema = z.strictObject({
  ticket: z.string().regex(/^[1-9]\d{0,17}$/, 'expected a ticket, a decimal number as text'),
  rows: z
    .array(rowSchema)
    .max(maxRows)
    .refine(
      (rows) => new Set(rows.map((row) => row.key)).size === rows.length,
      'a key may appear once in a batch',
    ),
});

const exportSchema = z.strictObject({
  after: key.optional(),
  limit: pageSize,
  values: z.enum(['true', 'false']).default('true'),
});

/** The sync protocol over HTTP, see openapi.yaml: tickets, batches, export; owner, changes and rows behind them. */
export function syncRouter<V>(dataSource: DataSource, streams: readonly SyncStream<V>[]): Router {
  const streamOf = (name: string): SyncStream<V> => {
    const found = streams.find((stream) => stream.name === name);
    if (found !== undefined) return found;
    const known = streams.map((stream) => stream.name).join(', ');
    throw new Problem(
      { code: 'SYNC_STREAM_UNKNOWN', status: 404, title: 'There is no such stream' },
      `This service knows: ${known}.`,
    );
  };
  const router = Router();

  router
    .route('/.fig/sync/tickets')
    .post(async (_request, response) => {
      response.json({ ticket: await takeTicket(dataSource.manager) });
    })
    .all(methodNotAllowed('POST'));

  router
    .route('/.fig/sync/:stream/batches')
    .post(...jsonBody('64mb', 'application/json'), async (request, response) => {
      const stream = streamOf(request.params.stream as string);
      const { ticket, rows } = parse(batchSchema, request.body, 'body');
      // SECURITY: a ticket from the future would lock a key against all writes until the sequence gets there.
      if (BigInt(ticket) > (await lastTicket(dataSource.manager))) {
        throw problem('REQUEST_INVALID', 'body: ticket: was never handed out', [
          { path: 'ticket', message: 'was never handed out' },
        ]);
      }
      response.json(await applyBatch(dataSource, stream, ticket, rows));
    })
    .all(methodNotAllowed('POST'));

  router
    .route('/.fig/sync/:stream/export')
    .get(async (request, response) => {
      const stream = streamOf(request.params.stream as string);
      const { after = null, limit, values } = parse(exportSchema, request.query, 'query');
      if (after !== null && !isKeyOf(stream.keyOrder, after)) {
        const message = 'expected a decimal number without leading zeros';
        throw problem('REQUEST_INVALID', `query: after: ${message}`, [{ path: 'after', message }]);
      }
      response.json(await exportPage(dataSource, stream, after, limit, values === 'true'));
    })
    .all(methodNotAllowed('GET'));

  router.use(reverseRouter(dataSource, streamOf));

  return router;
}
