import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { startNotesService } from '../testing/notes-service.ts';
import { openapiConformance } from '../testing/openapi-conformance.ts';
import { sendTo, type TestedService } from '../testing/sync-client.ts';
import { ownerGateSuite } from './owner-gate.suite.ts';
import { reverseSourceSuite } from './reverse-source.suite.ts';

const token = 'a-test-token';
const dryRunSecret = 'a-secret-of-dry-runs';
const document = parse(readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'));
const { check, unmet } = openapiConformance(document);

async function open(): Promise<TestedService> {
  const service = await startNotesService(token, { dryRunSecret });
  const send = sendTo(service.url, token);
  const keyOf = (n: number) => `n${n}`;
  const path = (n: number) => `/v2/notes/${keyOf(n)}`;
  return {
    stream: 'notes',
    databaseUrl: service.databaseUrl,
    dryRunSecret,
    table: 'note',
    keyOf,
    valueOf: () => ({ text: 'as it came', place: 0 }),
    textOf: (value: { text: string }) => value.text,
    write: (n, text) => ({ method: 'put', path: path(n), body: { text } }),
    failing: (n) => ({ method: 'put', path: path(n), body: { text: 'fail' } }),
    remove: (n) => ({ method: 'delete', path: path(n) }),
    stop: service.stop,
    async send(method, path, options) {
      const answer = await send(method, path, options);
      const request = { method: method.toUpperCase(), url: service.url + path };
      if (path.startsWith('/.fig/sync/')) check({ ...answer, request });
      return answer;
    },
  };
}

reverseSourceSuite('notes', open);
ownerGateSuite('notes', open);

test('openapi.yaml describes what was answered, and nothing that never is', () => {
  // sync.test.ts holds tickets, batches and export against it.
  const reverse = unmet().filter((label) =>
    /\{stream\}\/(owner|changes|numbers|rows|batches 409)/.test(label),
  );
  expect(reverse).toEqual([]);
});
