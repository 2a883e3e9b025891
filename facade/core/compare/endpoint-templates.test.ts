import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { learnTemplates, patternOfOpenApi } from './endpoint-templates.ts';

const learn = (...known: string[]) => learnTemplates({ known: known.map((pattern) => ({ pattern })) });
const uuid = (n: number) => `3f2504e0-4f89-41d3-9a0c-${n.toString(16).padStart(12, '0')}`;
const templatesOf = (paths: readonly string[], templates = learn()) => {
  for (const path of paths) templates.templateOf(path);
  return [...new Set(paths.map((path) => templates.templateOf(path)))].sort();
};

describe('endpoint templates', () => {
  test('1,000 numbers are one template, and 1,000 UUIDs are', () => {
    const numbers = Array.from({ length: 1000 }, (_, n) => `/api/articles/${n * 37}`);
    const uuids = Array.from({ length: 1000 }, (_, n) => `/api/orders/${uuid(n)}`);
    expect(templatesOf([...numbers, ...uuids])).toEqual(['/api/articles/:id', '/api/orders/:id']);
  });

  test.each([
    ['/a/42', '/a/:id'],
    ['/a/0', '/a/:id'],
    [`/a/${uuid(1)}/lines/7`, '/a/:id/lines/:id'],
    ['/a/01ARZ3NDEKTSV4RRFFQ69G5FAV', '/a/:id'],
    ['/a/507f1f77bcf86cd799439011', '/a/:id'],
    ['/a/V1StGXR8_Z5jdHi6B-myT', '/a/:id'],
    ['/a/2027-03-01', '/a/:date'],
    ['/reports/2027-03', '/reports/:date'],
    ['/a/facade', '/a/facade'],
    ['/v2/users', '/v2/users'],
    ['/Api/Users/', '/api/users'],
    ['/', '/'],
  ])('%s is %s at once', (path, template) => {
    expect(learn().templateOf(path)).toBe(template);
  });

  test('many slugs become a parameter; few stay as they are', () => {
    const slugs = (count: number) =>
      Array.from({ length: count }, (_, n) => `/articles/about-${n}x/comments`);
    expect(templatesOf(slugs(20))).toHaveLength(20);
    expect(templatesOf(slugs(21))).toEqual(['/articles/:slug/comments']);
    expect(templatesOf(slugs(2000))).toEqual(['/articles/:slug/comments']);
  });

  test('words that name things stay beside the slugs', () => {
    const paths = [
      '/articles/feed',
      '/articles/search',
      ...Array.from({ length: 100 }, (_, n) => `/articles/how-to-${n}`),
    ];
    expect(templatesOf(paths)).toEqual(['/articles/:slug', '/articles/feed', '/articles/search']);
  });

  test('what the plan names is never merged, and names its parameters', () => {
    const templates = learn(
      '/api/articles/:slug',
      '/api/articles/feed',
      '/api/articles/:slug/comments/:n',
      '/api/tags/*rest',
    );
    const many = Array.from({ length: 500 }, (_, n) => `/api/articles/${n % 2 ? n : `x-${n}`}`);
    expect(templatesOf([...many, '/api/articles/feed', '/API/Articles/FEED/'], templates)).toEqual([
      '/api/articles/:slug',
      '/api/articles/feed',
    ]);
    expect(templates.templateOf('/api/articles/7/comments/8')).toBe('/api/articles/:slug/comments/:n');
    expect(templates.templateOf('/api/tags/a/8')).toBe('/api/tags/a/:id');
  });

  test('a literal of the plan stays where the plan knows no parameter', () => {
    const templates = learn('/articles/about-us');
    const slugs = Array.from({ length: 50 }, (_, n) => `/articles/slug-${n}x`);
    expect(templatesOf([...slugs, '/articles/about-us'], templates)).toEqual([
      '/articles/:slug',
      '/articles/about-us',
    ]);
  });

  test('what was folded below a slug stays folded when the slug is', () => {
    const templates = learn();
    for (let n = 0; n < 30; n++) templates.templateOf(`/articles/first-1/part-${n}x`);
    for (let n = 0; n < 30; n++) templates.templateOf(`/articles/slug-${n}x`);
    expect(templates.templateOf('/articles/first-1/part-new')).toBe('/articles/:slug/:slug');
  });

  test('places that are all small take bounded memory together', () => {
    const templates = learn();
    const letters = [...'abcdefghijklmnopqr'];
    const seen = new Set<string>();
    for (const a of letters)
      for (const b of letters)
        for (const c of letters)
          for (const d of letters.slice(0, 12)) seen.add(templates.templateOf(`/${a}/${b}/${c}/${d}`));
    expect(seen.size).toBeLessThan(25_000);
    // What comes when the places are used up is a parameter; what is known stays.
    expect(templates.templateOf('/r/r/r/a')).toBe('/:slug/:slug/:slug/:slug');
    expect(templates.templateOf('/a/a/a/a')).toBe('/a/a/a/a');
  });

  test('paths of an OpenAPI document are patterns', () => {
    expect(patternOfOpenApi('/articles/{article-id}/lines/{n}')).toBe('/articles/:article_id/lines/:n');
  });

  test('figures kept by an earlier template find their new one', () => {
    const templates = learn();
    const before = templates.templateOf('/articles/about-x');
    templatesOf(
      Array.from({ length: 30 }, (_, n) => `/articles/about-${n}x`),
      templates,
    );
    expect([before, templates.templateOf(before)]).toEqual(['/articles/about-x', '/articles/:slug']);
    expect(templates.templateOf('/articles/:slug')).toBe('/articles/:slug');
  });

  test('the order of the traffic changes nothing in the end', () => {
    const segment = fc.oneof(
      fc.constantFrom('a', 'b', 'feed'),
      fc.integer({ min: 0, max: 60 }).map((n) => `slug-${n}x`),
      fc
        .integer({ min: 0, max: 400 })
        .map((n) => [...String(n)].map((digit) => 'abcdefghij'[Number(digit)]).join('')),
      fc.integer().map((n) => String(Math.abs(n))),
    );
    const path = fc
      .array(segment, { minLength: 1, maxLength: 4 })
      .map((segments) => `/${segments.join('/')}`);
    fc.assert(
      fc.property(
        fc.array(path, { minLength: 1, maxLength: 300 }),
        fc.infiniteStream(fc.nat()),
        (paths, order) => {
          const shuffled = paths.map((each) => ({ each, at: order.next().value as number }));
          const other = shuffled.sort((x, y) => x.at - y.at).map(({ each }) => each);
          expect(templatesOf(other)).toEqual(templatesOf(paths));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('hostile paths take bounded memory', () => {
    const templates = learn();
    const seen = new Set<string>();
    for (let n = 0; n < 100_000; n++)
      seen.add(templates.templateOf(`/${'x'.repeat(n % 200)}${n.toString(36)}/:p${n}/q${n}z`));
    expect(seen.size).toBeLessThan(100);
    expect(templates.templateOf('/a'.repeat(10_000)).length).toBeLessThan(100);
  });
});
