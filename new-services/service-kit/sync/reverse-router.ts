import { type Request, Router } from 'express';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { inTransaction } from '../database/transaction.ts';
import { jsonBody } from '../http/json-body.ts';
import { parse } from '../http/parse.ts';
import { methodNotAllowed } from '../http/problem.ts';
import { textOf, wholeNumber } from '../http/text-schema.ts';
import {
  dropChanges,
  enqueueMarker,
  isCovered,
  isMarker,
  queuePosition,
  waitingChanges,
} from './change-queue.ts';
import { changeOwner, owners, readOwner } from './owner.ts';
import { lastNumbers, skipNumbers } from './stream-numbers.ts';
import { isKeyOf, type SyncStream } from './sync-stream.ts';

/** Most entries, keys or rows of one request. */
const maxRows = 1000;

export const pageSize = wholeNumber(1, maxRows).default(maxRows);

const seq = z.string().regex(/^(0|[1-9]\d{0,17})$/, 'expected a seq, a decimal number as text');

const ownershipSchema = z.strictObject({ owner: z.enum(owners), epoch: z.int().min(0) });
const changesSchema = z.strictObject({ limit: pageSize });
const ackSchema = z.strictObject({ seqs: z.array(seq).max(maxRows) });
const coversSchema = z.strictObject({ position: seq });
const numbersSchema = z.strictObject({
  numbers: z.array(z.strictObject({ prefix: z.string().max(100), last: seq })).max(100),
});
const rowsSchema = z.strictObject({ keys: z.array(textOf(200).min(1)).max(maxRows) });

/** Who owns a stream, and the way back: own writes as a queue of keys, and rows as they are now. */
export function reverseRouter<V>(dataSource: DataSource, streamOf: (name: string) => SyncStream<V>): Router {
  const { manager } = dataSource;
  const router = Router();
  const json = jsonBody('1mb', 'application/json');
  const nameIn = (request: Request) => streamOf(request.params.stream as string).name;

  router
    .route('/.fig/sync/:stream/owner')
    .get(async (request, response) => {
      response.json(await readOwner(manager, nameIn(request)));
    })
    .put(...json, async (request, response) => {
      const stream = nameIn(request);
      response.json(await changeOwner(dataSource, stream, parse(ownershipSchema, request.body, 'body')));
    })
    .all(methodNotAllowed('GET', 'HEAD', 'PUT'));

  router
    .route('/.fig/sync/:stream/changes')
    .get(async (request, response) => {
      const stream = nameIn(request);
      const { limit } = parse(changesSchema, request.query, 'query');
      response.json({ changes: await waitingChanges(manager, stream, limit) });
    })
    .all(methodNotAllowed('GET', 'HEAD'));

  router
    .route('/.fig/sync/:stream/changes/ack')
    .post(...json, async (request, response) => {
      const stream = nameIn(request);
      await dropChanges(manager, stream, parse(ackSchema, request.body, 'body').seqs);
      response.status(204).end();
    })
    .all(methodNotAllowed('POST'));

  router
    .route('/.fig/sync/:stream/changes/position')
    .get(async (request, response) => {
      response.json(await queuePosition(manager, nameIn(request)));
    })
    .all(methodNotAllowed('GET', 'HEAD'));

  router
    .route('/.fig/sync/:stream/changes/covers')
    .get(async (request, response) => {
      const stream = nameIn(request);
      const { position } = parse(coversSchema, request.query, 'query');
      response.json({ covered: await isCovered(manager, stream, position) });
    })
    .all(methodNotAllowed('GET', 'HEAD'));

  router
    .route('/.fig/sync/:stream/changes/marker')
    .post(async (request, response) => {
      response.json({ key: await enqueueMarker(manager, nameIn(request)) });
    })
    .all(methodNotAllowed('POST'));

  router
    .route('/.fig/sync/:stream/numbers')
    .get(async (request, response) => {
      const stream = streamOf(request.params.stream as string);
      response.json({ numbers: await lastNumbers(manager, stream) });
    })
    .put(...json, async (request, response) => {
      const stream = streamOf(request.params.stream as string);
      const { numbers } = parse(numbersSchema, request.body, 'body');
      await inTransaction(dataSource, (inner) => skipNumbers(inner, stream, numbers));
      response.json({ numbers: await lastNumbers(manager, stream) });
    })
    .all(methodNotAllowed('GET', 'HEAD', 'PUT'));

  router
    .route('/.fig/sync/:stream/rows')
    .post(...json, async (request, response) => {
      const stream = streamOf(request.params.stream as string);
      const { keys } = parse(rowsSchema, request.body, 'body');
      // Markers, and keys that no row could have, are answered as gone: one bad entry holds up no other.
      const possible = keys.filter((key) => !isMarker(key) && isKeyOf(stream.keyOrder, key));
      const found = await stream.find(manager, possible);
      const living = new Map(found.map(({ key, value }) => [key, value]));
      response.json({
        rows: keys.map((key) => ({ key, deleted: !living.has(key), value: living.get(key) ?? null })),
      });
    })
    .all(methodNotAllowed('POST'));

  return router;
}
