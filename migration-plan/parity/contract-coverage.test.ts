import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { CoverageCount, readContract } from './contract-coverage.ts';

const folder = mkdtempSync(join(tmpdir(), 'fig-contract-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function contractOf(text: string) {
  const file = join(folder, 'openapi.yaml');
  writeFileSync(file, text);
  return readContract(file);
}
const ARTICLES = `paths:
  /api/articles/{id}:
    parameters: []
    get: { responses: { "200": {}, 4XX: {}, default: {} } }
    delete: { responses: { "204": {} } }
  /api/articles/latest:
    get: { responses: { "200": {} } }
  /api/users/{id}:
    get: { responses: { "200": {} } }
`;

describe('coverage of a contract', () => {
  test.each([
    ['GET', '/api/articles/7', 200, ['GET /api/articles/{id} 200']],
    ['GET', '/API/Articles/7/?x=/y', 200, ['GET /api/articles/{id} 200']],
    ['GET', '/api/articles/latest', 200, ['GET /api/articles/latest 200']],
    ['GET', '/api/articles/7', 404, ['GET /api/articles/{id} 4XX']],
    ['GET', '/api/articles/7', 503, ['GET /api/articles/{id} default']],
    ['DELETE', '/api/articles/7', 200, []],
    ['PUT', '/api/articles/7', 200, []],
    ['GET', '/api/articles/7/more', 200, []],
    ['GET', '/api/users/7', 200, []],
  ])('%s %s that is answered %i meets %j', (method, path, status, met) => {
    const contract = contractOf(ARTICLES);
    const count = new CoverageCount(contract, (_, operation) => operation.startsWith('/api/articles'));
    count.answered(method, path, status);
    const all = [
      'GET /api/articles/{id} 200',
      'GET /api/articles/{id} 4XX',
      'GET /api/articles/{id} default',
      'DELETE /api/articles/{id} 204',
      'GET /api/articles/latest 200',
    ];
    expect(count.result()).toEqual({
      file: contract.file,
      met: met.length,
      of: all.length,
      missing: all.filter((one) => !met.includes(one)),
    });
  });

  test('of what is no contract is refused with a word', () => {
    expect(() => readContract(join(folder, 'none.yaml'))).toThrow(
      /^expected an OpenAPI document at \S+none\.yaml, got ENOENT$/,
    );
    expect(() => contractOf('a: [')).toThrow(/^expected an OpenAPI document at \S+, got Flow sequence/);
    expect(() => contractOf('a: 1')).toThrow(/^expected an OpenAPI document with `paths` at \S+, got none$/);
    expect(() => contractOf('')).toThrow(/with `paths`/);
  });
});
