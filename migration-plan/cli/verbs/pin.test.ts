import { describe, expect, test } from '@jest/globals';
import { EXIT } from '../exit-code.ts';
import { admin, control } from '../test-kit/control-plane.ts';
import { fig } from '../test-kit/terminal.ts';

describe('fig pin', () => {
  const pin = {
    route: 'articles',
    to: 'candidate',
    expiresAt: '2026-11-23T11:00:00.000Z',
    name: 'x-fig-pin',
    token: '1.articles.candidate.1795431600.AAAA',
  };

  test('prints the token alone, and beside it how to use it', async () => {
    control.answers.set('POST /v1/pins', { status: 201, body: pin });
    expect(await fig(['pin', 'articles', '--to', 'candidate', '--ttl', '30m'], { admin })).toMatchObject({
      code: EXIT.ok,
      out: `${pin.token}\n`,
      err: expect.stringContaining('header or cookie x-fig-pin'),
    });
    expect(control.requests.map(({ body }) => body)).toEqual([
      { route: 'articles', to: 'candidate', ttl: '30m' },
    ]);
  });

  test('answers the whole pin with --json', async () => {
    control.answers.set('POST /v1/pins', { status: 201, body: pin });
    const { out } = await fig(['pin', 'articles', '--to', 'candidate', '--force', '--json'], { admin });
    expect(JSON.parse(out)).toEqual(pin);
    expect(control.requests[0]?.body).toEqual({ route: 'articles', to: 'candidate', ttl: '1h', force: true });
  });

  test('asks for a side, and knows two', async () => {
    expect((await fig(['pin', 'articles'], { admin })).code).toBe(EXIT.usage);
    expect((await fig(['pin', 'articles', '--to', 'catalog'], { admin })).code).toBe(EXIT.usage);
  });
});
