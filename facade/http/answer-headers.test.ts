import { describe, expect, test } from '@jest/globals';
import { type AnswerContext, clientHeaders } from './answer-headers.ts';

const at = (upstream: string, part: Partial<AnswerContext> = {}): AnswerContext => ({
  upstream,
  publicOrigin: 'https://www.example.com',
  publicHostname: 'www.example.com',
  rewrite: null,
  trailers: true,
  tags: null,
  ...part,
});
const UPSTREAM = at('http://legacy.internal:4101');
const REWRITTEN = at('http://legacy.internal:4101', { rewrite: { from: '/api', to: '/v2' } });
const through = (name: string, value: string, context: AnswerContext) => {
  const [gotName, got] = clientHeaders([name, value], context);
  expect(gotName).toBe(name);
  return got;
};

describe('Location and Content-Location', () => {
  test.each([
    ['http://legacy.internal:4101/a?b#c', 'https://www.example.com/a?b#c'],
    ['HTTP://Legacy.INTERNAL:4101/A', 'https://www.example.com/A'],
    ['https://legacy.internal:4101/a', 'https://www.example.com/a'],
    ['//legacy.internal:4101/a', 'https://www.example.com/a'],
    ['http://legacy.internal.:4101/a', 'https://www.example.com/a'],
    ['http://user:secret@legacy.internal:4101/a', 'https://www.example.com/a'],
    ['http://legacy.internal:4101', 'https://www.example.com'],
    ['http://legacy.internal:4101?a', 'https://www.example.com?a'],
    // Not the upstream's own.
    ['http://legacy.internal/a', 'http://legacy.internal/a'],
    ['http://legacy.internal:41010/a', 'http://legacy.internal:41010/a'],
    ['http://legacy.internal:4101.evil.example/a', 'http://legacy.internal:4101.evil.example/a'],
    ['http://legacy.internal:4101@evil.example/a', 'http://legacy.internal:4101@evil.example/a'],
    [
      'http://evil.example/?http://legacy.internal:4101/',
      'http://evil.example/?http://legacy.internal:4101/',
    ],
    ['//evil.example/a', '//evil.example/a'],
    ['ftp://legacy.internal:4101/a', 'ftp://legacy.internal:4101/a'],
    ['http://[::1/a', 'http://[::1/a'],
    ['mailto:a@legacy.internal', 'mailto:a@legacy.internal'],
    // Relative ones lead to the public origin as they are.
    ['/a', '/a'],
    ['a/b', 'a/b'],
    ['?a', '?a'],
    ['', ''],
    ['/\\evil.example', '/\\evil.example'],
  ])('%s reads %s', (given, expected) => {
    expect(through('Location', given, UPSTREAM)).toBe(expected);
    expect(through('content-location', given, UPSTREAM)).toBe(expected);
  });

  test.each([
    ['http://legacy.internal', 'http://legacy.internal:80/a'],
    ['http://legacy.internal', 'https://legacy.internal/a'],
    ['https://legacy.internal', 'https://legacy.internal:443/a'],
    ['http://[::1]:4101', 'http://[::1]:4101/a'],
    ['http://[::1]:4101', 'http://[0:0:0:0:0:0:0:1]:4101/a'],
    ['http://127.0.0.1:4101', 'http://127.0.0.1:4101/a'],
    ['http://m\u00fcller.example', 'http://xn--mller-kva.example/a'],
  ])('of %s, %s is its own', (upstream, given) => {
    expect(through('Location', given, at(upstream))).toBe('https://www.example.com/a');
  });

  test.each([
    ['/v2/articles?x', '/api/articles?x'],
    ['http://legacy.internal:4101/v2', 'https://www.example.com/api'],
    ['/v2', '/api'],
    ['/v22/articles', '/v22/articles'],
    ['v2/articles', 'v2/articles'],
    ['http://elsewhere.example/v2/a', 'http://elsewhere.example/v2/a'],
  ])('behind a rewrite %s reads %s', (given, expected) => {
    expect(through('Location', given, REWRITTEN)).toBe(expected);
  });
});

test.each([
  ['5; url=http://legacy.internal:4101/next', '5; url=https://www.example.com/next'],
  ['0;URL="http://legacy.internal:4101/next"', '0;URL="https://www.example.com/next"'],
  ["3, url='/v2/next'", "3, url='/api/next'"],
  ['5; http://legacy.internal:4101/next', '5; https://www.example.com/next'],
  ['5', '5'],
  ['5; url=http://elsewhere.example/v2', '5; url=http://elsewhere.example/v2'],
])('Refresh: %s reads %s', (given, expected) => {
  expect(through('Refresh', given, REWRITTEN)).toBe(expected);
});

test.each([
  [
    '<http://legacy.internal:4101/v2/a?page=2>; rel="next"',
    '<https://www.example.com/api/a?page=2>; rel="next"',
  ],
  [
    '</v2/a?page=1,5>; rel=first, </v2/a?page=9>; rel="last", <https://cdn.example/v2/x>; rel=preload',
    '</api/a?page=1,5>; rel=first, </api/a?page=9>; rel="last", <https://cdn.example/v2/x>; rel=preload',
  ],
  ['</style.css>; rel=preload; title="to </v2/a>"', '</style.css>; rel=preload; title="to </v2/a>"'],
])('Link: %s reads %s', (given, expected) => {
  expect(through('Link', given, REWRITTEN)).toBe(expected);
});

describe('Set-Cookie', () => {
  test.each([
    ['a=1; Domain=legacy.internal; Path=/', 'a=1; Domain=www.example.com; Path=/'],
    ['a=1;domain=.LEGACY.internal', 'a=1; Domain=www.example.com'],
    ['a=1; Domain="legacy.internal"', 'a=1; Domain=www.example.com'],
    ['a=1; domain = legacy.internal ; Secure', 'a=1; Domain=www.example.com; Secure'],
    // The last one counts (RFC 6265 §5.3), so all of them have to be right.
    ['a=1; Domain=x.example; Domain=legacy.internal', 'a=1; Domain=x.example; Domain=www.example.com'],
    ['a=1; Domain=internal', 'a=1; Domain=internal'],
    ['a=1; Domain=sub.legacy.internal', 'a=1; Domain=sub.legacy.internal'],
    ['a=Domain=legacy.internal', 'a=Domain=legacy.internal'],
    ['a="x; y"; HttpOnly', 'a="x; y"; HttpOnly'],
    ['a=1; Path=/v2; HttpOnly', 'a=1; Path=/api; HttpOnly'],
    ['a=1; path=/v2/articles', 'a=1; path=/api/articles'],
    ['a=1; Path=/v22', 'a=1; Path=/v22'],
    ['a=1; Path=/', 'a=1; Path=/'],
  ])('%s reads %s', (given, expected) => {
    expect(through('Set-Cookie', given, REWRITTEN)).toBe(expected);
  });

  test.each(['http://127.0.0.1:8080', 'http://localhost:8080', 'http://[::1]:8080'])(
    'for the upstream is for the host alone at %s, which is no domain',
    (origin) => {
      const { hostname } = new URL(origin);
      const context = at('http://legacy.internal', { publicOrigin: origin, publicHostname: hostname });
      expect(through('Set-Cookie', 'a=1; Domain=legacy.internal; Path=/', context)).toBe('a=1; Path=/');
    },
  );
});

test('everything else passes in its order and spelling', () => {
  const headers = [
    'X-A',
    'http://legacy.internal:4101/',
    'x-A',
    '2',
    'Access-Control-Allow-Origin',
    'http://legacy.internal:4101',
  ];
  expect(clientHeaders(headers, REWRITTEN)).toEqual(headers);
});
