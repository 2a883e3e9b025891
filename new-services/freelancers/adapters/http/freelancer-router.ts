import { type Request, type Response, Router } from 'express';
import { jsonBody } from '../../../service-kit/http/json-body.ts';
import { onceOnly } from '../../../service-kit/http/once-only.ts';
import { parse } from '../../../service-kit/http/parse.ts';
import { etagOf, expectedVersions } from '../../../service-kit/http/preconditions.ts';
import { methodNotAllowed } from '../../../service-kit/http/problem.ts';
import { activate, archive, block, edit } from '../../application/change-freelancer.ts';
import type { Filters, FreelancerSearch } from '../../application/freelancer-search.ts';
import type { Clock, FreelancerStore, NumberSource } from '../../application/freelancer-store.ts';
import { register } from '../../application/register-freelancer.ts';
import type { Freelancer } from '../../domain/freelancer.ts';
import { moneyOf } from '../../domain/money.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { toWire } from './freelancer-wire.ts';
import { added, changedOr, freelancerNotFound } from './outcomes.ts';
import { type SearchWire, searchQuerySchema } from './search-wire.ts';
import { blockSchema, editSchema, registrationSchema } from './write-wire.ts';

export type FreelancerPorts = {
  readonly store: FreelancerStore;
  readonly search: FreelancerSearch;
  readonly numbers: NumberSource;
  readonly now: Clock;
};

const mergePatch = 'application/merge-patch+json';

/** The API under /v2/freelancers; openapi.ts describes it. */
export function freelancerRouter(ports: FreelancerPorts): Router {
  const router = Router();

  router
    .route('/v2/freelancers')
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
    .post(...jsonBody('1mb', 'application/json'), async (request, response) => {
      const profile = parse(registrationSchema, request.body, 'body');
      const freelancer = added(await register(ports, profile, onceOnly(request, profile)));
      response.status(201).location(`/v2/freelancers/${freelancer.id}`);
      send(response, freelancer);
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'));

  router
    .route('/v2/freelancers/:id')
    .get(async (request, response) => {
      const id = idOf(request);
      const freelancer = await ports.store.find(id);
      if (freelancer === null) throw freelancerNotFound(id);
      // Express answers 304 itself when If-None-Match holds this tag.
      send(response, freelancer);
    })
    .patch(...jsonBody('1mb', 'application/json', mergePatch), async (request, response) => {
      const id = idOf(request);
      const expected = expectedVersions(request, 'required');
      const patch = parse(editSchema, request.body, 'body');
      send(response, changedOr(await edit(ports, id, expected, patch), id));
    })
    .delete(async (request, response) => {
      const id = idOf(request);
      changedOr(await archive(ports, id, expectedVersions(request, 'optional')), id);
      response.status(204).end();
    })
    .all(methodNotAllowed('GET', 'HEAD', 'PATCH', 'DELETE'));

  router
    .route('/v2/freelancers/:id/activate')
    .post(async (request, response) => {
      const id = idOf(request);
      send(response, changedOr(await activate(ports, id, expectedVersions(request, 'optional')), id));
    })
    .all(methodNotAllowed('POST'));

  router
    .route('/v2/freelancers/:id/block')
    .post(...jsonBody('1mb', 'application/json'), async (request, response) => {
      const id = idOf(request);
      const expected = expectedVersions(request, 'optional');
      const { reason } = parse(blockSchema, request.body, 'body');
      send(response, changedOr(await block(ports, id, expected, reason), id));
    })
    .all(methodNotAllowed('POST'));

  return router;
}

function send(response: Response, freelancer: Freelancer): void {
  response.set('etag', etagOf(freelancer.version)).json(toWire(freelancer));
}

function idOf(request: Request): string {
  const id = String(request.params.id).toLowerCase();
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw freelancerNotFound(id);
  return id;
}

function filtersOf(wire: SearchWire): Filters {
  const amount = (text: string | undefined) =>
    text === undefined ? null : (moneyOf(text, '')?.amount ?? null);
  return {
    text: wire.q ?? null,
    skills: wire.skills,
    rateMin: amount(wire.rateMin),
    rateMax: amount(wire.rateMax),
    availableBy: wire.availableBy ?? null,
    status: wire.status ?? null,
    archived: wire.archived,
  };
}
