import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decide } from '../core/decide.ts';
import { normalisePath } from '../core/path.ts';
import { facadeOf, type TestFacade } from '../test-kit/facade-of.ts';
import { FORWARDERS } from '../test-kit/forwarders.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { rawAsk } from '../test-kit/raw-client.ts';
import { type RecordingUpstream, recordingUpstream } from '../test-kit/recording-upstream.ts';

// `articles` is on the candidate; everything else, `settings` among it, is legacy's.
const ROUTES = [
  routeOf('articles', ['/api/articles', '/api/articles/:slug', '/files/*rest']),
  routeOf('settings', ['/api/settings', '/api/settings/:name']),
];

/** What becomes of a target: who gets it and how it is written there, or null where it is refused. */
type Fate = readonly ['legacy' | 'candidate', string] | null;
const TABLE: readonly (readonly [string, Fate])[] = [
  ['/api/articles', ['candidate', '/api/articles']],
  // Dot segments, plain and escaped.
  ['/api/%2e%2e/api/articles', ['candidate', '/api/articles']],
  ['/api/%2E%2e/settings', ['legacy', '/settings']],
  ['/api/.%2e/api/settings', ['legacy', '/api/settings']],
  ['/api/./articles', ['candidate', '/api/articles']],
  ['/api/articles/..', ['legacy', '/api/']],
  ['/api/articles/../settings', ['legacy', '/api/settings']],
  ['/../../../api/articles', ['candidate', '/api/articles']],
  ['/api/articles/.', ['candidate', '/api/articles/']],
  ['/api/articles/%2e', ['candidate', '/api/articles/']],
  ['/files/%2e%2e/%2e%2e/api/settings', ['legacy', '/api/settings']],
  // Slashes.
  ['//api/articles', ['candidate', '/api/articles']],
  ['/api//articles', ['candidate', '/api/articles']],
  ['/api///articles//x', ['candidate', '/api/articles/x']],
  ['//other.example/api/articles', ['legacy', '/other.example/api/articles']],
  ['/api/articles/', ['candidate', '/api/articles/']],
  ['/api/articles//', ['candidate', '/api/articles/']],
  // Upper and lower case.
  ['/API/ARTICLES', ['candidate', '/API/ARTICLES']],
  ['/Api/Articles/X', ['candidate', '/Api/Articles/X']],
  ['/api/%41rticles', ['candidate', '/api/Articles']],
  // Escaped slashes.
  ['/api%2Farticles', null],
  ['/api%2farticles', null],
  ['/api/articles%2Fx', null],
  ['/api/articles/a%2Fb', ['candidate', '/api/articles/a%2Fb']],
  ['/api/articles/x%2F..%2F..%2Fsettings', null],
  ['/api/articles/..%2Fsettings', null],
  ['/files/..%2F..%2Fapi%2Fsettings', null],
  ['/files/a%2F..%2Fb', ['candidate', '/files/a%2F..%2Fb']],
  ['/api/settings/a%2Fb', ['legacy', '/api/settings/a%2Fb']],
  ['/api/settings/..%2Farticles', null],
  ['/api/settings/..%2Fothers', ['legacy', '/api/settings/..%2Fothers']],
  // Escaped twice.
  ['/api/%2561rticles', null],
  ['/api/articles/%252e%252e%252fsettings', null],
  ['/api/articles/100%25', ['candidate', '/api/articles/100%25']],
  // Parameters of servlet containers.
  ['/api/articles;v=1', null],
  ['/api;x/articles', null],
  ['/api/articles/x;y=1', ['candidate', '/api/articles/x;y=1']],
  ['/api/articles/..;/settings', ['legacy', '/api/articles/..;/settings']],
  ['/files/..;/api/settings', null],
  ['/api/settings/..;/articles', null],
  ['/api/settings;jsessionid=1', ['legacy', '/api/settings;jsessionid=1']],
  ['/api/articles%3Bv=1', null],
  // ... cut before anything is decoded, or instead of it.
  ['/api/articles;/settings%2FAPI', null],
  ['/api/articles;/a%2Fb', null],
  ['/api/%61rticles%3b%5c.%2e', null],
  ['/api/articles%2F%2e%2e', null],
  ['/api/\\../articles', null],
  // Backslashes.
  ['/api\\articles', null],
  ['/api%5Carticles', null],
  ['/api/articles/..\\settings', null],
  ['\\api\\articles', null],
  ['/elsewhere\\x', ['legacy', '/elsewhere%5Cx']],
  // Dots and blanks at the end, which Windows drops.
  ['/api/articles.', null],
  ['/api/articles%20', null],
  ['/api/articles./x', null],
  ['/api/articles/x.', ['candidate', '/api/articles/x.']],
  ['/api/articles/...', ['candidate', '/api/articles/...']],
  // A last line feed, before which the `$` of a regular expression stands.
  ['/api/articles%0A', null],
  ['/api/articles/%0a', ['candidate', '/api/articles/%0A']],
  ['/api/%2561rticles%0A', null],
  ['/api/settings%0A', ['legacy', '/api/settings%0A']],
  // Line feeds, carriage returns and tabs, which URL parsers drop.
  ['/api/articles%0A/', null],
  ['/api/%0aarticles', null],
  ['/api/art%0Dicles', null],
  ['/api/art%2509icles', null],
  ['/api/set%09tings', ['legacy', '/api/set%09tings']],
  // Question and number signs.
  ['/api/articles%3Fx=1', null],
  ['/api/articles?x=1?y=/../', ['candidate', '/api/articles?x=1?y=/../']],
  ['/api/articles#x', ['legacy', '/api/articles%23x']],
  ['/api/articles%23', ['legacy', '/api/articles%23']],
  // What nobody should forward.
  ['/api/articles%00', null],
  ['/api/articles/%00.json', null],
  ['/%', null],
  ['/%4', null],
  ['/%u002e', null],
  ['api/articles', null],
  ['/api/articles?\x01', null],
  ['/api/articles?x\ty', null],
  ['*', null],
  ['', null],
  // Bytes, and escapes of them.
  ['/api/articles/%0d%0aX-Own:%201', ['candidate', '/api/articles/%0D%0AX-Own:%201']],
  ['/api/articles/\xfc', null],
  ['/api/articles/%C3%BC', ['candidate', '/api/articles/%C3%BC']],
  ['/%C0%AE%C0%AE/api/articles', ['legacy', '/%C0%AE%C0%AE/api/articles']],
  ['/api/articles/"x"', ['candidate', '/api/articles/%22x%22']],
  // The absolute form.
  ['http://x/api/articles', ['candidate', '/api/articles']],
  ['http://x/a/../api/settings', ['legacy', '/api/settings']],
  ['http://x', ['legacy', '/']],
  ['http://x?/api/articles', ['legacy', '/?/api/articles']],
  ['ftp://x/api/articles', null],
  ['x:80', null],
];

describe.each(FORWARDERS)('a path that others read otherwise, over %s,', (_name, create) => {
  let legacy: RecordingUpstream;
  let candidate: RecordingUpstream;
  let facade: TestFacade;
  beforeAll(async () => {
    legacy = await recordingUpstream('legacy');
    candidate = await recordingUpstream('candidate');
    facade = await facadeOf(
      planOf({
        legacy: { url: legacy.url, build: null },
        candidates: new Map([['catalog', { url: candidate.url, build: null }]]),
        routes: ROUTES,
      }),
      { forwarder: create() },
    );
    await facade.put('articles', 'candidate');
  });
  afterEach(() => {
    expect([...legacy.faults, ...candidate.faults]).toEqual([]);
    legacy.requests.length = 0;
    candidate.requests.length = 0;
  });
  afterAll(async () => {
    await facade.close();
    await legacy.close();
    await candidate.close();
  });
  const send = async (method: string, target: string): Promise<Fate> => {
    const body = method === 'GET' ? '' : 'Content-Length: 1\r\n';
    const text = await rawAsk(
      facade.port,
      `${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${body}\r\n${body && 'x'}`,
    );
    const seen = [
      ...legacy.requests.map((request) => ['legacy', request.target] as const),
      ...candidate.requests.map((request) => ['candidate', request.target] as const),
    ];
    expect(seen.length).toBeLessThan(2);
    const [fate] = seen;
    if (fate) expect(text).toMatch(/^HTTP\/1\.1 200/);
    else expect(text).toMatch(/^HTTP\/1\.1 400/);
    return fate ?? null;
  };

  test.each(TABLE)('%j is %j', async (target, fate) => {
    expect(await send('GET', target)).toEqual(fate);
    legacy.requests.length = 0;
    candidate.requests.length = 0;
    expect(await send('POST', target)).toEqual(fate);
  });

  test('is refused, or reaches whom its forwarded form is decided for', async () => {
    const piece = fc.constantFrom(
      ...[
        '/',
        '//',
        '.',
        '..',
        '%2e',
        '%2F',
        '%5c',
        '\\',
        ';',
        ';x',
        '%3b',
        '%25',
        '%252f',
        '%3F',
        '?',
        '#',
        '%20',
        ...['%0a', '%0d', '%09'],
      ],
      ...['api', 'API', 'articles', '%61rticles', 'settings', 'files', 'x', '%00', '%zz', '\xfc', ':', '@'],
    );
    const target = fc.array(piece, { maxLength: 9 }).map((pieces) => `/api/${pieces.join('')}`);
    await fc.assert(
      fc.asyncProperty(target, async (given) => {
        legacy.requests.length = 0;
        candidate.requests.length = 0;
        const fate = await send('GET', given);
        if (!fate) return;
        const path = fate[1].split('?', 1)[0] as string;
        expect(normalisePath(path)).toBe(path);
        expect(decide(facade.control.snapshot, 'GET', path, () => 0).upstream).toBe(fate[0]);
        // Read by servers that decode, cut and climb, it still is nobody else's.
        for (const read of laxServers(path))
          for (const [route, owner] of [
            [/^\/api\/settings(?:\/[^/]+)?\/?$/, 'legacy'],
            [/^\/api\/articles(?:\/[^/]+)?\/?$/, 'candidate'],
          ] as const)
            if (route.test(read)) expect([given, fate[0]]).toEqual([given, owner]);
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});

/** How servers of several kinds understand a path before they route it. */
function laxServers(path: string): string[] {
  const decode = (text: string) =>
    text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  const climb = (text: string) =>
    new URL(`http://x${text.replaceAll('?', '%3F').replaceAll('#', '%23')}`).pathname;
  const withoutParameters = (text: string) => text.replace(/;[^/]*/g, '');
  const merged = (text: string) => text.replace(/\/{2,}/g, '/');
  return [
    decode(path), // Decodes once: IIS, Apache with AllowEncodedSlashes.
    climb(merged(decode(path))), // ... and resolves what it then sees.
    climb(merged(withoutParameters(decode(path)))), // Tomcat.
    merged(withoutParameters(path)), // Jetty.
    climb(merged(decode(decode(path)).replaceAll('\\', '/'))), // Decodes twice, on Windows.
    decode(path).replace(/\n$/, ''), // Matches with regular expressions that end in `$` (Python, Perl, PHP).
    decode(path).split('?', 1)[0] as string, // Hands the decoded path to a program that splits it again.
  ].map((read) => read.toLowerCase());
}
