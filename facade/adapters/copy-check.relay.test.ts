import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { facadeOf, listenOn, TOKEN } from '../test-kit/facade-of.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { relayCopyCheck } from './copy-check.relay.ts';

describe('the copy check', () => {
  let relay: Server;
  let url: string;
  let answer: { status: number; body: string };
  let asked: (string | undefined)[];

  beforeEach(async () => {
    asked = [];
    relay = createServer((request, response) => {
      asked.push(request.url, request.headers.authorization);
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
    url = `http://127.0.0.1:${await listenOn(relay)}`;
  });
  afterEach(() => void relay.close());

  const check = (token: string | null = 'sesame') => relayCopyCheck(() => url, token)('articles');

  test('is content once a backfill has come to its end', async () => {
    answer = { status: 200, body: '{"state":"done"}' };
    expect(await check()).toEqual({ copied: true });
    expect(asked).toEqual(['/v1/sets/articles/backfill', 'Bearer sesame']);
  });

  test.each(['idle', 'running', 'failed', 'paused'])(
    'refuses while it is %s, and says what to do',
    async (state) => {
      answer = { status: 200, body: JSON.stringify({ state }) };
      const refused = { copied: false, detail: expect.stringContaining('Run `fig backfill articles`') };
      expect(await check()).toEqual(refused);
    },
  );

  test.each([
    [401, '{}'],
    [200, 'nonsense'],
  ])('a relay that answers %s %s cannot say', async (status, body) => {
    answer = { status, body };
    expect(await check()).toMatchObject({ copied: false, detail: expect.stringContaining('is not known') });
  });

  test('a relay out of reach cannot say', async () => {
    relay.close();
    expect(await check()).toMatchObject({ copied: false, detail: expect.stringContaining('ECONNREFUSED') });
  });

  test('asks nobody without a relay or its token', async () => {
    expect(await relayCopyCheck(() => null, 'sesame')('articles')).toEqual({ copied: true });
    expect(await check(null)).toEqual({ copied: true });
    expect(asked).toEqual([]);
  });
});

describe('a route that somebody moves while its rows are asked for', () => {
  const owned = {
    ...routeOf('articles', ['GET /api/articles']),
    data: { kind: 'owned', set: 'articles' },
  } as const;

  test.each<['pause' | 'kill' | 'transition']>([['pause'], ['kill'], ['transition']])(
    'stays where a %s put it: the first call answers 409 and appends nothing',
    async (verb) => {
      const author = { actor: 'other', reason: 'faster' };
      const step = { stage: 'canary', hundredths: 1000 } as const;
      const facade = await facadeOf(planOf({ routes: [owned] }), {
        copyCheck: async () => {
          const outcome =
            verb === 'transition'
              ? await facade.control.transition('articles', step, {
                  ...author,
                  expectedVersion: 0,
                  force: true,
                })
              : await facade.control[verb]('articles', author);
          expect(outcome.ok).toBe(true);
          return { copied: true };
        },
      });
      try {
        const answer = await fetch(`${facade.adminUrl}/v1/routes/articles/transitions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${TOKEN}` },
          body: JSON.stringify({ stage: 'canary', percent: 10, reason: 'go', expectedVersion: 0 }),
        });
        expect(answer.status).toBe(409);
        expect(await answer.json()).toMatchObject({ code: 'ROUTE_VERSION_STALE', version: 1 });
        const ledger = await fetch(`${facade.adminUrl}/v1/ledger`, {
          headers: { authorization: `Bearer ${TOKEN}` },
        });
        expect(((await ledger.json()) as { entries: object[] }).entries).toMatchObject([
          { type: verb, reason: 'faster' },
        ]);
      } finally {
        await facade.close();
      }
    },
  );
});

describe('a route whose rows are not copied', () => {
  const owned = {
    ...routeOf('articles', ['GET /api/articles']),
    data: { kind: 'owned', set: 'articles' },
  } as const;
  const free = routeOf('authors', ['GET /api/authors']);

  async function advance(route: string, force: boolean) {
    const facade = await facadeOf(planOf({ routes: [owned, free] }), {
      copyCheck: async (set) => ({ copied: false, detail: `${set} is not there` }),
    });
    try {
      const answer = await fetch(`${facade.adminUrl}/v1/routes/${route}/transitions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({ stage: 'canary', percent: 10, reason: 'go', expectedVersion: 0, force }),
      });
      return { status: answer.status, ...((await answer.json()) as object) };
    } finally {
      await facade.close();
    }
  }

  test('stays where it is, and the refusal says why', async () => {
    expect(await advance('articles', false)).toMatchObject({
      status: 422,
      code: 'ROUTE_DATA_NOT_COPIED',
      detail: 'articles is not there',
      stage: 'legacy',
    });
  });

  test('moves by force', async () => {
    expect(await advance('articles', true)).toMatchObject({ status: 200, stage: 'canary', percent: 10 });
  });

  test('hinders no route without owned data', async () => {
    expect(await advance('authors', false)).toMatchObject({ status: 200, stage: 'canary' });
  });
});
