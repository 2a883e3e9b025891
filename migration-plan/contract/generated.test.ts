import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { MYSQL_URL, mysqlDatabase, sqliteDatabase, type TestDatabase } from '#acl/testing/databases.ts';
import { rawRequest } from '#acl/testing/raw-http.ts';
import { readDocument } from '#plan/parity/contract-coverage.ts';
import { arbitraryRequest, type GeneratedRequest } from '#plan/parity/generate/arbitrary-request.ts';
import { type ContractOperation, type Json, merged, operationsOf } from '#plan/parity/generate/openapi.ts';
import { openapiConformance } from '#services/service-kit/testing/openapi-conformance.ts';
import { Started, seed, startMonolith } from '../passthrough/behind-facade.ts';

// Real processes on a busy machine: no suite may fail for being slow.
jest.setTimeout(600_000);

const SIZES = { freelancers: 60, customers: 20, projects: 25, timesheets: 400 };
/** Refusals that depend on the rows there are; every other one means that the contract takes what legacy does not. */
const OF_THE_ROWS =
  /^(already blocked|customer unknown|freelancer unknown|month is not over|more than 24 hours|no FIBU file|not yourself|parent is below|parent unknown|project unknown|wrong state)$/;
/** They would end the session, or belong to nobody who is logged in. */
const LEFT_OUT = new Set(['login', 'logout', 'loginByForm', 'logoutByForm', 'ping', 'staticFile']);
/** Runs of one operation; fixed, so that a failure comes again. */
const RUNS = { numRuns: 15, seed: 20_260_701 };

const contract = readDocument(join(import.meta.dirname, 'openapi.yaml'));
const operations = operationsOf(contract).filter(({ id }) => !LEFT_OUT.has(id));

type Answered = { status: number; text: string; headers: Record<string, string> };

const kinds: [name: string, create: () => Promise<TestDatabase>][] = [['SQLite', sqliteDatabase]];
if (MYSQL_URL) kinds.push(['MySQL', mysqlDatabase]);
else
  describe('requests made from the contract on MySQL', () => {
    test.skip('skipped: FIG_TEST_MYSQL_URL names no server', () => {});
  });

describe.each(kinds)('requests made from the contract on %s', (_name, create) => {
  const started = new Started();
  const conformance = openapiConformance(contract);
  let url: string;
  let cookie: string;
  beforeAll(async () => {
    const database = started.addDatabase(await create());
    await seed(database.url, SIZES);
    ({ url } = started.add(await startMonolith(database.url)));
    const login = await rawRequest(url, {
      method: 'POST',
      path: '/api/login',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ user: 'admin', pass: 'admin' }),
    });
    cookie = login.headers['set-cookie']![0]!.split(';')[0]!;
  });
  afterAll(() => started.stop());

  async function send({ method, target, mediaType, body }: GeneratedRequest): Promise<Answered> {
    const answer = await rawRequest(url, {
      method: method.toUpperCase(),
      path: target,
      // one connection each: an idle one may be closed while the machine is busy elsewhere
      headers: { cookie, connection: 'close', ...(mediaType && { 'content-type': mediaType }) },
      ...(body !== null && { body }),
    });
    return { status: answer.status, text: answer.body, headers: answer.headers as Record<string, string> };
  }
  const json = (method: string, target: string, value: unknown) =>
    send({ method, target, mediaType: 'application/json', body: JSON.stringify(value), value });

  // before anything else, while every row is as it was seeded
  test.each(limits().map((limit) => [`${limit.operation.id} ${limit.key}`, limit] as const))(
    '%s is as long as the contract says, and no longer',
    async (_name, { operation, key, longest }) => {
      const first = async (target: string) => JSON.parse((await send({ ...GET, target })).text);
      const [freelancer] = await first('/api/freelancers?stat=A');
      const [project] = (await first('/api/projects?stat=run,open')).items;
      const [draft] = await first('/api/timesheets?stat=draft');
      const ids: Record<string, number> = {
        freelancers: freelancer.frl_id,
        projects: project.prj_id,
        timesheets: draft.tsh_id,
        customers: 1,
        users: 2,
      };
      const bare: Record<string, unknown> = {
        ...{
          usr_login: `u${operation.id}${key}`,
          usr_name: 'x',
          pass: 'long',
          frl_name: 'x',
          cus_name: 'x',
          prj_title: 'x',
        },
        ...{
          cus_id: 1,
          frl_id: freelancer.frl_id,
          prj_id: project.prj_id,
          date_from: '01.01.2026',
          reason: 'x',
        },
        ...{ tsh_day: '01.01.2001', tsh_hours: 1 },
      };
      const required = (merged(contract, operation.bodies['application/json']!.schema).required ??
        []) as string[];
      const body = Object.fromEntries(required.map((name) => [name, bare[name]]));
      const target = operation.path.replace('{id}', String(ids[operation.tag]));
      // what is new and what is changed must not be taken by the other
      const letter = operation.method === 'put' ? 'y' : 'x';
      const over = await json(operation.method, target, { ...body, [key]: letter.repeat(longest + 1) });
      expect([over.status, errorOf(over).error]).toEqual([500, 'database error']);
      const fits = await json(operation.method, target, { ...body, [key]: letter.repeat(longest) });
      expect([fits.status, errorOf(fits).error]).toEqual([200, undefined]);
    },
  );

  test.each(operations.map((operation) => [operation.id, operation] as const))(
    '%s takes what the contract says, and answers as it says',
    async (_id, operation) => {
      await fc.assert(
        fc.asyncProperty(arbitraryRequest(contract, operation), async (request) => {
          const answer = await send(request);
          conformance.check({
            ...answer,
            request: {
              method: request.method.toUpperCase(),
              url: url + operation.path.replace(/\{\w+\}/g, '1'),
            },
          });
          const { error } = errorOf(answer);
          if (answer.status === 400) expect(error).toMatch(OF_THE_ROWS);
          if (answer.status >= 500) expect(error).toBe('invalid id');
        }),
        RUNS,
      );
    },
  );
});

const GET = { method: 'get', mediaType: null, body: null, value: null };

function errorOf({ headers, text }: Answered): { error?: unknown } {
  return headers['content-type']?.startsWith('application/json') ? JSON.parse(text) : {};
}

type Limit = { readonly operation: ContractOperation; readonly key: string; readonly longest: number };

/** Every text of a JSON body that has a longest length. */
function limits(): Limit[] {
  return operations.flatMap((operation) => {
    const { schema } = operation.bodies['application/json'] ?? {};
    if (!schema) return [];
    const { properties } = merged(contract, schema) as { properties: Record<string, Json> };
    return Object.entries(properties).flatMap(([key, field]) => {
      const { maxLength } = merged(contract, field) as { maxLength?: number };
      return maxLength === undefined ? [] : [{ operation, key, longest: maxLength }];
    });
  });
}
