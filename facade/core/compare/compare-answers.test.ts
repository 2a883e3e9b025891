import { describe, expect, test } from '@jest/globals';
import { answerOf, linesOf, rulesOf } from '../../test-kit/comparison.ts';
import type { Answer } from './answer.ts';
import { compareAnswers } from './compare-answers.ts';

const TEXT = { 'content-type': 'text/plain' };
const HTML = { 'content-type': 'text/html; charset=utf-8' };
const PDF = { 'content-type': 'application/pdf' };
const found = (legacy: Answer, candidate: Answer, keys = {}) =>
  linesOf(compareAnswers(legacy, candidate, rulesOf(keys)).differences);

describe('status', () => {
  test('another status is critical, and the bodies are compared all the same', () => {
    const { differences } = compareAnswers(
      answerOf('{"a":1}', {}, 200),
      answerOf('{"a":2}', {}, 404),
      rulesOf(),
    );
    expect(linesOf(differences)).toEqual(['status status', 'value $.a']);
    expect(differences[0]).toMatchObject({
      severity: 'critical',
      sample: { legacy: '200', candidate: '404' },
    });
  });
});

describe('bodies', () => {
  test.each<[string, Answer, Answer, string[]]>([
    ['both empty', answerOf(''), answerOf('', TEXT), []],
    ['candidate empty', answerOf('{}'), answerOf(''), ['missing body (empty-body)']],
    ['legacy empty', answerOf(''), answerOf('{}'), ['extra body (empty-body)']],
    ['garbage for JSON', answerOf('{}'), answerOf('{"a":'), ['type $ (not-json)']],
    ['both broken: as text', answerOf('{a'), answerOf('{b'), ['value text']],
    ['a page for JSON', answerOf('{}'), answerOf('<p>', HTML), ['type body (media-type)']],
    ['JSON sent as a page', answerOf('{"a":1}', HTML), answerOf('{ "a":2}'), ['value $.a']],
    ['JSON in both pages', answerOf('{"a":1}', HTML), answerOf('{"a": 1}', HTML), []],
    [
      'lines of JSON',
      answerOf('{"a":1}\n{"a":2}\n', { 'content-type': 'application/x-ndjson' }),
      answerOf('{"a":1}\n{"a":3}', { 'content-type': 'application/x-ndjson' }),
      ['value $[*].a'],
    ],
    [
      'a problem as JSON',
      answerOf('{"a":1}', { 'content-type': 'application/problem+json' }),
      answerOf('{"a": 1}'),
      [],
    ],
    ['a file', answerOf('%PDF-a', PDF), answerOf('%PDF-b', PDF), ['value body']],
    ['a file for a page', answerOf('%PDF-a', PDF), answerOf('<p>', HTML), ['type body (media-type)']],
    [
      'a form',
      answerOf('a=1&b=2', { 'content-type': 'application/x-www-form-urlencoded' }),
      answerOf('a=1&b=3', { 'content-type': 'application/x-www-form-urlencoded' }),
      ['value text'],
    ],
  ])('%s', (_, legacy, candidate, expected) => {
    expect(found(legacy, candidate)).toEqual(expected);
  });

  test('a file is told by type, length and hash', () => {
    const [difference] = compareAnswers(
      answerOf('%PDF-a', PDF),
      answerOf('%PDF-bc', PDF),
      rulesOf(),
    ).differences;
    expect(difference?.sample.legacy).toMatch(/^"application\/pdf, 6 bytes, sha-256 [0-9a-f]{64}"$/);
    expect(difference?.sample.candidate).toMatch(/ 7 bytes/);
  });

  test('`$` ignored leaves out any body', () => {
    const { outcome } = compareAnswers(
      answerOf('%PDF-a', PDF),
      answerOf('<p>', HTML),
      rulesOf({ ignore: ['$'] }),
    );
    expect(outcome).toBe('ignored');
  });
});

describe('text', () => {
  const bytes = (text: string, encoding: BufferEncoding) => Buffer.from(text, encoding);
  const latin1 = { 'content-type': 'text/plain; charset=ISO-8859-1' };

  test.each<[string, Answer, Answer, string[]]>([
    ['line endings', answerOf('a\r\nb\r\n', TEXT), answerOf('a\nb\n', TEXT), ['value text (line-ending)']],
    [
      'line endings, and a line',
      answerOf('a\r\nb\r\n', TEXT),
      answerOf('a\nc\n', TEXT),
      ['value text (line-ending) ×2'],
    ],
    [
      'unicode form',
      answerOf('caf\u00e9', TEXT),
      answerOf('cafe\u0301', TEXT),
      ['value text (unicode-form)'],
    ],
    [
      'white space at the end',
      answerOf('a\nb', TEXT),
      answerOf('a  \nb\n', TEXT),
      ['value text (whitespace)'],
    ],
    ['a byte order mark', answerOf('\ufeffa', TEXT), answerOf('a', TEXT), ['value body (byte-order-mark)']],
    [
      'the same text in another declared set',
      answerOf(bytes('é', 'latin1'), latin1),
      answerOf('é', TEXT),
      ['value body (encoding)'],
    ],
    [
      'Latin 1 that says UTF-8',
      answerOf(bytes('é!', 'latin1'), TEXT),
      answerOf('é!', TEXT),
      ['value body (encoding)'],
    ],
    [
      'different Latin 1 that says nothing of it',
      answerOf(bytes('Möller', 'latin1'), TEXT),
      answerOf(bytes('Müller', 'latin1'), TEXT),
      ['value text'],
    ],
    [
      'a character that was lost',
      answerOf(bytes('caf\xe9', 'latin1'), TEXT),
      answerOf('caf\ufffd', TEXT),
      ['value body (encoding)', 'value text (encoding)'],
    ],
    [
      'UTF-8 that says Latin 1',
      answerOf('é', latin1),
      answerOf(bytes('é', 'latin1'), latin1),
      ['value text (encoding)'],
    ],
    [
      'another declared set, ASCII only',
      answerOf('e', latin1),
      answerOf('e ', TEXT),
      ['value text (whitespace)'],
    ],
    ['a line changed', answerOf('a\nb\nc', TEXT), answerOf('a\nx\nc', TEXT), ['value text']],
    ['a line in addition', answerOf('a\nb\nc', TEXT), answerOf('a\nb\nn\nc', TEXT), ['extra text']],
    ['a line gone', answerOf('a\nb\nc', TEXT), answerOf('a\nc', TEXT), ['missing text']],
    ['lines in another order', answerOf('a\nb\nc\nd', TEXT), answerOf('d\na\nc\nb', TEXT), ['order text']],
    ['cut off', answerOf('a\nb\nc', TEXT), answerOf('a\nb', TEXT), ['value text (truncated)']],
  ])('%s', (_, legacy, candidate, expected) => {
    expect(found(legacy, candidate)).toEqual(expected);
  });

  test('a sample starts shortly before the difference', () => {
    const long = 'x'.repeat(10_000);
    const [difference] = compareAnswers(
      answerOf(`${long}\r\na`, TEXT),
      answerOf(`${long}\na`, TEXT),
      rulesOf(),
    ).differences;
    expect(difference?.sample).toEqual({
      at: 'text',
      legacy: `"${'x'.repeat(20)}\\r\\na"`,
      candidate: `"${'x'.repeat(20)}\\na"`,
    });
  });
});

describe('pages', () => {
  const page = (body: string) => answerOf(`<!DOCTYPE html><html><body>${body}</body></html>`, HTML);

  test.each<[string, string, string, string[]]>([
    [
      'white space between tags',
      '<ul><li>a</li><li>b</li></ul>',
      '<ul>\n  <li> a </li>\n <li>b</li>\n</ul>\n',
      [],
    ],
    ['white space inside text', '<p>a b</p>', '<p>a\n   b</p>', []],
    ['white space in pre', '<pre>a b</pre>', '<pre>a  b</pre>', ['value html:/html/body/pre (whitespace)']],
    ['the order of attributes', '<a href="/x" title="t">x</a>', "<a title=t href='/x'>x</a>", []],
    ['the order of classes', '<p class="a b">x</p>', '<p class=" b a">x</p>', []],
    ['the form of entities', '<p>a &amp; b &eacute; &#39;</p>', "<p>a &#38; b é '</p>", []],
    ['case of names', '<P>x</P><BR>', '<p>x</p><br/>', []],
    ['comments', '<!-- 1 --><p>x</p>', '<p>x</p><!-- 2 -->', []],
    [
      'a body of a table',
      '<table><tr><td>1</table>',
      '<table><tbody><tr><td>1</td></tr></tbody></table>',
      [],
    ],
    ['text', '<h1>Old</h1><p>x</p>', '<h1>New</h1><p>x</p>', ['value html:/html/body/h1']],
    ['case of text', '<h1>Old</h1>', '<h1>old</h1>', ['value html:/html/body/h1 (case)']],
    ['an attribute', '<a href="/a">x</a>', '<a href="/b">x</a>', ['value html:/html/body/a/@href']],
    [
      'an attribute gone',
      '<a href="/a" rel="x">x</a>',
      '<a href="/a">x</a>',
      ['missing html:/html/body/a/@rel'],
    ],
    [
      'a row in addition',
      '<ul><li>a</li><li>b</li></ul>',
      '<ul><li>a</li><li>n</li><li>b</li></ul>',
      ['extra html:/html/body/ul/li ×2'],
    ],
    [
      'another element',
      '<b>x</b>',
      '<i>x</i>',
      ['extra html:/html/body/i ×2', 'missing html:/html/body/b ×2'],
    ],
    [
      'rows in another order',
      '<ul><li>a</li><li>b</li><li>c</li></ul>',
      '<ul><li>c</li><li>a</li><li>b</li></ul>',
      ['order html:/'],
    ],
  ])('%s', (_, legacy, candidate, expected) => {
    expect(found(page(legacy), page(candidate))).toEqual(expected);
  });
});

describe('headers', () => {
  const withHeader = (name: string, value: string | string[] | undefined) => answerOf('', { [name]: value });
  const origins = { public: 'http://www.example', sides: ['http://10.0.0.5:8000', 'http://10.0.0.9:3000/'] };
  const compare = (
    name: string,
    legacy: string | string[] | undefined,
    candidate: string | string[] | undefined,
  ) =>
    compareAnswers(withHeader(name, legacy), withHeader(name, candidate), rulesOf({ headers: [name] }), {
      origins,
    });

  test.each<[string, string | string[], string | string[]]>([
    ['content-type', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'],
    ['content-type', 'text/html; charset=utf-8; level=1', 'text/html; level=1; charset=utf-8'],
    ['cache-control', 'no-cache, max-age=0, Private', ['private', 'max-age="0",no-cache']],
    ['vary', 'Accept, Cookie', 'cookie,accept'],
    ['location', 'http://10.0.0.5:8000/a?x=1', 'http://10.0.0.9:3000/a?x=1'],
    ['location', '/a', 'http://www.example/a'],
    ['location', 'https://other.example/x', 'https://OTHER.example/x'],
    ['set-cookie', 'sid=abc; Path=/; HttpOnly', 'sid=xyz; httponly; path=/'],
    ['set-cookie', ['a=1', 'b=2'], ['b=3', 'a=4']],
    ['set-cookie', 'a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'a=; expires=Thu, 01-Jan-1970 00:00:01 GMT'],
    [
      'set-cookie',
      'a=1; Expires=Mon, 01 Mar 2027 00:00:00 GMT',
      'a=1; Expires=Mon, 01 Mar 2027 00:00:05 GMT',
    ],
    ['x-tags', 'a,  b', 'a, b'],
  ])('%s: `%s` is `%s`', (name, legacy, candidate) => {
    expect(compare(name, legacy, candidate).outcome).toBe('match');
  });

  test.each<[string, string | string[] | undefined, string | string[] | undefined, string]>([
    ['content-type', 'text/html; charset=utf-8', 'text/html; charset=latin1', 'header header:content-type'],
    ['cache-control', 'max-age=60', 'max-age=61', 'header header:cache-control'],
    ['cache-control', 'no-store', undefined, 'header header:cache-control'],
    ['x-total', undefined, '12', 'header header:x-total'],
    ['location', '/a', '/b', 'header header:location'],
    ['location', 'http://10.0.0.5:8000/a', 'http://10.0.0.7:8000/a', 'header header:location'],
    ['location', '//other.example/a', '/a', 'header header:location'],
    ['set-cookie', 'sid=abc; HttpOnly', 'sid=abc', 'header header:set-cookie:sid'],
    ['set-cookie', 'sid=abc', 'sid=', 'header header:set-cookie:sid'],
    ['set-cookie', ['sid=abc', 'b=1'], ['sid=abc'], 'header header:set-cookie:b'],
    ['set-cookie', 'a=1; SameSite=Lax', 'a=1; SameSite=None', 'header header:set-cookie:a'],
    ['x-tags', 'a, b', 'b, a', 'header header:x-tags'],
  ])('%s: `%s` is not `%s`', (name, legacy, candidate, expected) => {
    expect(linesOf(compare(name, legacy, candidate).differences)).toEqual([expected]);
  });

  test('only the chosen headers count', () => {
    const { outcome } = compareAnswers(
      withHeader('x-a', '1'),
      withHeader('x-a', '2'),
      rulesOf({ headers: ['X-B'] }),
    );
    expect(outcome).toBe('match');
  });

  test('names of the plan may be written in capitals', () => {
    const { outcome } = compareAnswers(
      withHeader('x-a', '1'),
      withHeader('x-a', '2'),
      rulesOf({ headers: ['X-A'] }),
    );
    expect(outcome).toBe('mismatch');
  });

  test('the value of a cookie never stands in a sample', () => {
    const { differences } = compare(
      'set-cookie',
      'sid=s3cr3t-legacy; Secure',
      'sid="s3cr3t-candidate"; Path=/',
    );
    expect(differences).toHaveLength(1);
    expect(JSON.stringify(differences)).not.toContain('s3cr3t');
  });
});
