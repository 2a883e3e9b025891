import { describe, expect, test } from '@jest/globals';
import { EXIT } from '../exit-code.ts';
import { admin, control } from '../test-kit/control-plane.ts';
import { ok, problem } from '../test-kit/fake-control.ts';
import { fig } from '../test-kit/terminal.ts';

describe('fig rollback, pause, resume, kill, reload', () => {
  test('rollback prints before and after, and who has not applied it', async () => {
    control.route('articles', { stage: 'candidate', version: 4 });
    control.answers.set(
      'POST /v1/routes/articles/rollback',
      ok({
        route: 'articles',
        stage: 'legacy',
        percent: 0,
        paused: false,
        killed: false,
        version: 5,
        pending: ['b:2'],
      }),
    );
    const { out, err } = await fig(['rollback', 'articles', '--reason', 'slow'], { admin });
    expect(out).toBe('articles: candidate → legacy (version 5)\n');
    expect(err).toContain('Not applied yet by b:2');
  });

  test('pause and resume act on one route and keep the reason', async () => {
    control.route('articles', { stage: 'canary', percent: 10 });
    expect((await fig(['pause', 'articles', '--reason', 'lunch'], { admin })).out).toBe(
      'articles: canary 10% → canary 10% (paused) (version 1)\n',
    );
    expect((await fig(['resume', 'articles', '--reason', 'back'], { admin })).out).toBe(
      'articles: canary 10% (paused) → canary 10% (version 2)\n',
    );
    expect(control.requests.filter(({ method }) => method === 'POST').map(({ body }) => body)).toEqual([
      { reason: 'lunch' },
      { reason: 'back' },
    ]);
  });

  test('kill takes one route, or all', async () => {
    control.route('articles', { stage: 'candidate' });
    control.route('authors');
    expect((await fig(['kill', 'authors', '--reason', 'x'], { admin })).out).toBe(
      'authors: legacy, killed: legacy answers until fig resume (version 1)\n',
    );
    expect((await fig(['kill', '--reason', 'x'], { admin })).out.split('\n')).toHaveLength(3);
    expect(control.requests.map(({ body }) => body)).toEqual([
      { reason: 'x', route: 'authors' },
      { reason: 'x' },
    ]);
  });

  test('reload says what is in force now, and lists what is wrong with a refused plan', async () => {
    expect(await fig(['reload'], { admin })).toMatchObject({
      code: EXIT.ok,
      out: 'Plan reloaded: aaaaaaaaaaaa → bbbbbbbbbbbb\n',
    });
    const errors = [
      { file: 'plan.yaml', line: 3, key: 'expos', message: 'expected a known key.', severity: 'error' },
    ];
    const { body } = problem(422, 'PLAN_INVALID', 'the old one stays.');
    control.answers.set('POST /v1/reload', { status: 422, body: { ...(body as object), errors } });
    expect(await fig(['reload'], { admin })).toMatchObject({
      code: EXIT.refused,
      err: 'error: facade (422): the old one stays.\nplan.yaml:3 expos: expected a known key.\n',
    });
  });

  test('resume without a route ends every kill', async () => {
    control.answers.set('POST /v1/resume', ok({ routes: [{ route: 'articles', version: 7 }] }));
    expect(await fig(['resume', '--reason', 'out'], { admin })).toMatchObject({
      code: EXIT.ok,
      out: 'articles: resumed (version 7)\n',
    });
    expect(control.requests.at(-1)).toMatchObject({ path: '/v1/resume', body: { reason: 'out' } });
    control.answers.set('POST /v1/resume', ok({ routes: [] }));
    expect((await fig(['resume', '--reason', 'out'], { admin })).out).toBe('No route is killed.\n');
  });

  test.each(['advance articles', 'rollback articles', 'pause articles', 'resume articles', 'resume', 'kill'])(
    '%s asks for a reason, and not an empty one',
    async (verb) => {
      expect((await fig(verb.split(' '), { admin })).code).toBe(EXIT.usage);
      expect((await fig([...verb.split(' '), '--reason', ' '], { admin })).code).toBe(EXIT.usage);
      expect(control.requests).toEqual([]);
    },
  );
});
