import { describe, expect, test } from '@jest/globals';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { buildRouteTable } from './route-table.ts';

const lax = planOf().matching;
const tableOf = (routes: Record<string, string[]>, matching = lax) =>
  buildRouteTable(
    Object.entries(routes).map(([name, match]) => routeOf(name, match)),
    matching,
  );

describe('the route table', () => {
  const { table } = tableOf({
    list: ['GET /api/articles'],
    one: ['GET /api/articles/:slug'],
    search: ['POST /api/articles/search safe'],
    tags: ['/api/tags/*rest'],
    tag: ['GET /api/tags/:tag/posts'],
    hot: ['GET /api/tags/hot'],
    umlaut: ['GET /api/prüfung'],
    root: ['GET /'],
  });
  test.each([
    ['GET', '/api/articles', 'list'],
    ['GET', '/api/articles/', 'list'],
    ['GET', '/API/Articles', 'list'],
    ['HEAD', '/api/articles', 'list'],
    ['OPTIONS', '/api/articles', 'list'],
    ['POST', '/api/articles', null],
    ['GET', '/api/articles/x', 'one'],
    ['GET', '/api/articles/a%2Fb', 'one'],
    ['GET', '/api/articles/search', 'one'],
    ['POST', '/api/articles/search', 'search'],
    ['OPTIONS', '/api/articles/search', 'search'],
    ['GET', '/api/articles/x/y', null],
    ['DELETE', '/api/tags/a/b/c', 'tags'],
    ['GET', '/api/tags', null],
    ['GET', '/api/tags/', null],
    ['GET', '/api/tags/hot', 'hot'],
    ['POST', '/api/tags/hot', 'tags'],
    ['GET', '/api/tags/hot/posts', 'tag'],
    ['GET', '/api/tags/hot/other', 'tags'],
    ['GET', '/api/pr%C3%BCfung', 'umlaut'],
    ['GET', '/api/articlesx', null],
    ['GET', '/', 'root'],
    ['GET', '/api', null],
  ])('%s %s belongs to %s', (method, path, route) => {
    expect(table.find(method, path)?.route.name ?? null).toBe(route);
  });

  test('tells case and trailing slash apart when the plan says so', () => {
    const strict = tableOf({ a: ['GET /a/:id'] }, { caseSensitive: true, strictSlash: true }).table;
    expect(strict.find('GET', '/a/1')?.route.name).toBe('a');
    expect(strict.find('GET', '/A/1')).toBeNull();
    expect(strict.find('GET', '/a/1/')).toBeNull();
    expect(strict.find('GET', '/a/')).toBeNull();
  });

  test('reports two routes that claim the same requests, whatever they call their parameters', () => {
    const { conflicts } = tableOf({ a: ['GET /x/:id'], b: ['GET /X/:slug', 'POST /x/:id'], c: ['/x/:any'] });
    expect(conflicts).toEqual([{ routes: ['a', 'b'], method: 'GET', patterns: ['/x/:id', '/X/:slug'] }]);
  });

  test('finds each of 10,000 routes', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `r${i}`);
    const many = tableOf(Object.fromEntries(names.map((name) => [name, [`GET /api/${name}/:id`]]))).table;
    for (const name of names) expect(many.find('GET', `/api/${name}/7`)?.route.name).toBe(name);
  });
});
