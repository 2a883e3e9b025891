import { type Request, type Response, Router } from 'express';
import type { z } from 'zod';
import { jsonBody } from '../../../service-kit/http/json-body.ts';
import { onceOnly } from '../../../service-kit/http/once-only.ts';
import { parse } from '../../../service-kit/http/parse.ts';
import { etagOf, expectedVersions } from '../../../service-kit/http/preconditions.ts';
import { methodNotAllowed } from '../../../service-kit/http/problem.ts';
import {
  approve,
  edit,
  pay,
  reject,
  remove,
  submit,
  type Which,
} from '../../application/change-timesheet.ts';
import { file } from '../../application/file-timesheet.ts';
import type { Filters, TimesheetSearch } from '../../application/timesheet-search.ts';
import type {
  ChangeOutcome,
  Clock,
  NumberSource,
  TimesheetStore,
} from '../../application/timesheet-store.ts';
import type { Timesheet } from '../../domain/timesheet.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { added, changedOr, timesheetNotFound } from './outcomes.ts';
import { searchQuerySchema } from './search-wire.ts';
import { toWire } from './timesheet-wire.ts';
import { approvalSchema, editSchema, filingSchema, paymentSchema, rejectionSchema } from './write-wire.ts';

export type TimesheetPorts = {
  readonly store: TimesheetStore;
  readonly search: TimesheetSearch;
  readonly numbers: NumberSource;
  readonly now: Clock;
};

const mergePatch = 'application/merge-patch+json';

/** The API under /v2/timesheets; openapi.ts describes it. */
export function timesheetRouter(ports: TimesheetPorts): Router {
  const router = Router();
  const json = jsonBody('1mb', 'application/json');

  router
    .route('/v2/timesheets')
    .get(async (request, response) => {
      const wire = parse(searchQuerySchema, request.query, 'query');
      const { sort, cursor, skip, limit } = wire;
      const filters = filtersOf(wire);
      const after = cursor === undefined ? null : readCursor(cursor, sort, filters);
      const count = wire.count === 'exact';
      const found = await ports.search.search({ filters, sort, after, skip, limit, count });
      response.json({
        items: found.items.map(toWire),
        nextCursor: found.next === null ? null : writeCursor(found.next, sort, filters),
        ...(found.total === null ? {} : { total: found.total }),
      });
    })
    .post(...json, async (request, response) => {
      const work = parse(filingSchema, request.body, 'body');
      const timesheet = added(await file(ports, work, onceOnly(request, work)));
      response.status(201).location(`/v2/timesheets/${timesheet.id}`);
      send(response, timesheet);
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'));

  router
    .route('/v2/timesheets/:id')
    .get(async (request, response) => {
      const id = idOf(request);
      const timesheet = await ports.store.find(id);
      if (timesheet === null) throw timesheetNotFound(id);
      // Express answers 304 itself when If-None-Match holds this tag.
      send(response, timesheet);
    })
    .patch(...jsonBody('1mb', 'application/json', mergePatch), async (request, response) => {
      const which = whichOf(request, 'required');
      const patch = parse(editSchema, request.body, 'body');
      send(response, changedOr(await edit(ports, which, patch), which.id));
    })
    .delete(async (request, response) => {
      const which = whichOf(request);
      changedOr(await remove(ports, which), which.id);
      response.status(204).end();
    })
    .all(methodNotAllowed('GET', 'HEAD', 'PATCH', 'DELETE'));

  /** A step from one status to the next; `body` is what it asks for. */
  const step = <T extends z.ZodType>(
    name: string,
    schema: T,
    take: (which: Which, body: z.output<T>) => Promise<ChangeOutcome>,
  ) =>
    router
      .route(`/v2/timesheets/:id/${name}`)
      .post(...json, async (request, response) => {
        const which = whichOf(request);
        send(response, changedOr(await take(which, parse(schema, request.body, 'body')), which.id));
      })
      .all(methodNotAllowed('POST'));

  router
    .route('/v2/timesheets/:id/submit')
    .post(async (request, response) => {
      const which = whichOf(request);
      send(response, changedOr(await submit(ports, which), which.id));
    })
    .all(methodNotAllowed('POST'));
  step('approve', approvalSchema, (which, { approvedBy }) => approve(ports, which, approvedBy));
  step('reject', rejectionSchema, (which, { reason }) => reject(ports, which, reason));
  step('pay', paymentSchema, (which, { paymentNumber }) => pay(ports, which, paymentNumber));

  return router;
}

function send(response: Response, timesheet: Timesheet): void {
  response.set('etag', etagOf(timesheet.version)).json(toWire(timesheet));
}

function whichOf(request: Request, need: 'required' | 'optional' = 'optional'): Which {
  return { id: idOf(request), expected: expectedVersions(request, need) };
}

function idOf(request: Request): string {
  const id = String(request.params.id).toLowerCase();
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw timesheetNotFound(id);
  return id;
}

function filtersOf(wire: z.output<typeof searchQuerySchema>): Filters {
  return {
    freelancerNumber: wire.freelancerNumber ?? null,
    projectNumber: wire.projectNumber ?? null,
    from: wire.from ?? null,
    to: wire.to ?? null,
    statuses: wire.status,
    text: wire.q ?? null,
  };
}
