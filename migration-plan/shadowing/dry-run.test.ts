import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sqliteDatabase } from '#acl/testing/databases.ts';
import { type RunningProcess, startProcess } from '#acl/testing/process.ts';
import { rawRequest } from '#acl/testing/raw-http.ts';
import { waitUntil } from '#acl/testing/wait-until.ts';
import { DRY_RUN_SECRET, SERVICE_TOKEN, startWorld, type World } from '#acl/testing/world.ts';
import { balancerOf } from './balancer.ts';
import { Outside } from './outside.ts';

const POSTS = 100;
const TOKEN = 'admin-token-of-a-test';
const ROUTE = `route: freelancers
match: ["GET /api/freelancers", "GET /api/freelancers/:id", "POST /api/freelancers"]
candidate: gateway
data: none
stages: [shadow, candidate]
shadow: { sample: 100%, writes: dry-run, noise: 0%, timeout: 60s, queue: 1000 }
compare: { headers: [content-type, location] }
`;

describe(`${POSTS} writes that are answered by the monolith and rehearsed by the new service`, () => {
  let world: World;
  let outside: Outside;
  let cookie: string;
  const stops: (() => Promise<unknown>)[] = [];
  let written = 0;

  beforeAll(async () => {
    world = await startWorld(await sqliteDatabase(), 20, async () => {});
    expect(await world.backfill()).toMatchObject({ state: 'done', applied: 20 });
    cookie = await world.login('admin');
    outside = await Outside.of(world.serviceDatabaseUrl);
  }, 60_000);
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });
  afterAll(async () => {
    await outside?.stop();
    await world?.stop();
  });

  /** The facade in front of the monolith, its writes rehearsed by `candidate`. */
  const facadeTo = async (candidate: string): Promise<RunningProcess> => {
    const folder = await mkdtemp(join(tmpdir(), 'fig-test-'));
    stops.push(() => rm(folder, { recursive: true }));
    await mkdir(join(folder, 'plan', 'routes'), { recursive: true });
    await writeFile(
      join(folder, 'plan', 'plan.yaml'),
      `version: 1\npublicUrl: http://127.0.0.1:8080\nlegacy: { url: "${world.legacy}" }\ncandidates: { gateway: { url: "${candidate}" } }\n`,
    );
    await writeFile(join(folder, 'plan', 'routes', 'freelancers.yaml'), ROUTE);
    const args = ['--plan', join(folder, 'plan'), '--ledger', `file:${join(folder, 'ledger.jsonl')}`];
    const env = { ADMIN_PORT: '0', FIG_ADMIN_TOKEN: TOKEN, DRY_RUN_SECRET };
    const facade = await startProcess('facade/main.ts', env, args);
    stops.push(() => facade.stop());
    const answer = await admin(facade, 'POST', '/transitions', {
      stage: 'shadow',
      reason: 'test',
      expectedVersion: 0,
    });
    expect(answer).toMatchObject({ stage: 'shadow' });
    return facade;
  };
  const admin = async (facade: RunningProcess, method: string, path: string, body?: object) => {
    const { body: text } = await rawRequest(facade.adminUrl as string, {
      method,
      path: `/v1/routes/freelancers${path}`,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return JSON.parse(text);
  };
  const post = (base: string) => {
    written += 1;
    const body = {
      frl_name: `Dry, Dora ${written}`,
      frl_email: `dora${written}@example.org`,
      rate_ct: 9000 + written,
      skills_csv: 'java,sql',
      avail_from: '01.03.2027',
    };
    return rawRequest(base, {
      method: 'POST',
      path: '/api/freelancers',
      headers: { cookie, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  };
  const legacyRows = async () => {
    const read = { method: 'GET', path: '/api/freelancers?size=1&del=all', headers: { cookie } };
    return Number((await rawRequest(world.legacy, read)).headers['x-total-count']);
  };
  const writeAll = async (facade: RunningProcess) => {
    const [rows, before] = [await legacyRows(), await outside.everything()];
    const mails = outside.mails.length;
    for (let n = 0; n < POSTS; n += 5) {
      const answers = await Promise.all(Array.from({ length: 5 }, () => post(facade.url)));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    }
    const observed = await waitUntil(async () => {
      const seen = await admin(facade, 'GET', '/observations');
      return seen.eligible === POSTS && seen.inFlight === 0 && seen;
    }, 'every rehearsal is accounted for');
    expect(await legacyRows()).toBe(rows + POSTS);
    expect(await outside.everything()).toEqual(before);
    expect(outside.mails).toHaveLength(mails);
    expect(observed).toMatchObject({ sent: POSTS, failed: 0, dropped: 0, skipped: {} });
    return observed;
  };

  test('a write that is one leaves a row, an entry in the outbox and a mail', async () => {
    const [rows, before] = [await legacyRows(), await outside.everything()];
    expect((await post(world.gateway)).status).toBe(200);
    await waitUntil(async () => outside.mails.length === 1, 'the mail');
    const after = await outside.everything();
    for (const table of ['freelancer', 'outbox'])
      expect(after[table]).toHaveLength((before[table] as unknown[]).length + 1);
    expect(after.sequence).not.toEqual(before.sequence);
    expect(await legacyRows()).toBe(rows);
  });

  test('are all kept by legacy, and leave nothing at the candidate; what it would have answered is the same', async () => {
    const { compared, discarded } = await writeAll(await facadeTo(world.gateway));
    expect(discarded).toEqual({});
    expect(compared).toEqual({ match: 0, mismatch: 0, ignored: POSTS });
  }, 60_000);

  describe('with every second instance of a build that knows no dry run', () => {
    let halfOfGateways: string;

    beforeEach(async () => {
      const start = async (script: string, env: Record<string, string>) => {
        const started = await startProcess(script, { SERVICE_TOKEN, ...env });
        stops.push(() => started.stop());
        return started.url;
      };
      const balance = async (instances: readonly string[]) => {
        const balancer = await balancerOf(instances);
        stops.push(() => balancer.stop());
        return balancer.url;
      };
      const oldService = await start('new-services/freelancers/main.ts', {
        DATABASE_URL: world.serviceDatabaseUrl,
      });
      const FREELANCERS_URL = await balance([world.service, oldService]);
      const gateway = { FREELANCERS_URL, LEGACY_URL: world.legacy };
      const [oldGateway, newGateway] = await Promise.all([
        start('acl/gateway/main.ts', gateway),
        start('acl/gateway/main.ts', { ...gateway, DRY_RUN_SECRET }),
      ]);
      halfOfGateways = await balance([oldGateway, newGateway]);
    });

    test('the same: what was not rehearsed is told apart, and was not written either', async () => {
      const { compared, discarded } = await writeAll(await facadeTo(halfOfGateways));
      const rehearsed = compared.ignored;
      expect(compared).toEqual({ match: 0, mismatch: 0, ignored: rehearsed });
      expect(discarded).toEqual({ 'no-dry-run': POSTS - rehearsed });
      // Half of the gateways, and of theirs half of the services.
      expect(rehearsed).toBeGreaterThanOrEqual(POSTS / 10);
      expect(rehearsed).toBeLessThanOrEqual(POSTS / 2);
    }, 60_000);
  });
});
