import { afterEach, describe, expect, test } from '@jest/globals';
import type { Role } from '#plan/model/access-token.ts';
import type { Access } from '../../core/access.ts';
import { adminClient } from '../../test-kit/admin-client.ts';
import { facadeOf, type TestFacade } from '../../test-kit/facade-of.ts';
import { planOf, routeOf } from '../../test-kit/plan-of.ts';

const open: TestFacade[] = [];
afterEach(async () => {
  for (const facade of open.splice(0)) await facade.close();
});

/** A token is the name of its role; its actor is the role in person. */
const access: Access = {
  callerOf: async (token) =>
    ['viewer', 'operator', 'admin'].includes(token) ? { actor: `the-${token}`, role: token as Role } : null,
};

async function start() {
  const facade = await facadeOf(planOf({ routes: [routeOf('articles', ['GET /api/articles'])] }), { access });
  open.push(facade);
  const call = adminClient(facade);
  return {
    facade,
    as: (role: Role, method: string, path: string, body?: unknown) =>
      call(method, path, body, { authorization: `Bearer ${role}` }),
  };
}

const reason = 'test';
const step = { stage: 'canary', percent: 10, expectedVersion: 0, reason };
const ARTICLES = '/v1/routes/articles';

describe('a role', () => {
  test.each<[Role, string, string, unknown]>([
    ['operator', 'POST', `${ARTICLES}/transitions`, step],
    ['operator', 'POST', `${ARTICLES}/rollback`, { reason }],
    ['operator', 'POST', `${ARTICLES}/pause`, { reason }],
    ['operator', 'POST', `${ARTICLES}/resume`, { reason }],
    ['operator', 'POST', '/v1/kill', { reason }],
    ['operator', 'POST', '/v1/resume', { reason }],
    ['operator', 'POST', '/v1/pins', { route: 'articles', to: 'candidate' }],
    ['admin', 'POST', `${ARTICLES}/transitions`, { ...step, force: true }],
    ['admin', 'POST', '/v1/pins', { route: 'articles', to: 'candidate', force: true }],
    ['admin', 'POST', '/v1/reload', { reason }],
    ['admin', 'POST', '/v1/instances/nobody/evict', { reason }],
    ['admin', 'POST', '/v1/data/nothing/cutover', { reason }],
  ])(
    '%s is the least that may %s %s with %j; the one below is told so, and nothing happens',
    async (least, method, path, body) => {
      const { as } = await start();
      const below = least === 'admin' ? 'operator' : 'viewer';
      expect(await as(below, method, path, body)).toMatchObject({
        status: 403,
        code: 'AUTH_ROLE_INSUFFICIENT',
        role: below,
        needed: least,
        detail: expect.stringContaining(`the-${below} is ${below}`),
      });
      expect((await as('viewer', 'GET', '/v1/ledger')).entries).toEqual([]);
      expect((await as(least, method, path, body)).status).not.toBe(403);
    },
  );

  test('viewer is enough to read', async () => {
    const { as } = await start();
    for (const path of [
      '/v1/routes',
      ARTICLES,
      '/v1/ledger',
      '/v1/instances',
      '/v1/upstreams',
      '/v1/openapi.json',
    ])
      expect(await as('viewer', 'GET', path)).toMatchObject({ status: 200 });
  });

  test('is asked for before the body is read: who may not learns nothing of what is wrong with it', async () => {
    const { as } = await start();
    expect(await as('viewer', 'POST', '/v1/kill', { nonsense: true })).toMatchObject({ status: 403 });
  });

  test('comes with an actor that stands in the ledger, whatever the request says', async () => {
    const { facade, as } = await start();
    await as('operator', 'POST', `${ARTICLES}/transitions`, step);
    await as('admin', 'POST', '/v1/kill', { reason });
    const call = adminClient(facade);
    const headers = { authorization: 'Bearer operator', 'x-actor': 'root', 'x-forwarded-user': 'root' };
    await call('POST', `${ARTICLES}/resume`, { reason }, headers);
    await as('admin', 'POST', '/v1/reload', { reason });
    const { entries } = await as('viewer', 'GET', '/v1/ledger');
    expect(entries.map(({ actor }: { actor: string }) => actor)).toEqual([
      'the-operator',
      'the-admin',
      'the-operator',
      'the-admin',
    ]);
    expect(await as('operator', 'POST', `${ARTICLES}/pause`, { reason, actor: 'root' })).toMatchObject({
      status: 400,
    });
  });

  test('that is refused stands in the log with its actor', async () => {
    const { facade, as } = await start();
    await as('viewer', 'POST', '/v1/reload', { reason });
    expect(facade.logged.join()).toMatch(/"actor":"the-viewer".*"path":"\/v1\/reload".*refused for its role/);
  });
});
