import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SILENT_MS } from '../core/instances.ts';
import { type TestDatabase, testDatabase } from '../test-kit/test-database.ts';
import { openPostgresRegistry } from './instance-registry.postgres.ts';
import { instanceRegistrySuite } from './instance-registry.suite.ts';
import { type PostgresAddress, postgresAddress } from './postgres-link.ts';

let database: TestDatabase;
let schemas = 0;
beforeAll(async () => {
  database = await testDatabase('instances');
});
afterAll(() => database.drop());
const newAddress = () => postgresAddress(`${database.url}?schema=s${++schemas}`) as PostgresAddress;
const STATE = { version: '1', hash: 'h', routes: { articles: 'a' }, appliedSeq: 0 };

instanceRegistrySuite('postgres', async () => {
  const address = newAddress();
  return (id) => openPostgresRegistry({ address, id });
});

test('an instance that was not seen for too long is silent', async () => {
  const registry = openPostgresRegistry({ address: newAddress(), id: 'a' });
  await registry.beat(STATE);
  for (const [ms, silent] of [
    [SILENT_MS - 2_000, false],
    [SILENT_MS, true],
  ]) {
    await database.query(
      `UPDATE s${schemas}.instances SET last_seen = clock_timestamp() - ${ms} * interval '1 ms'`,
    );
    expect(await registry.list()).toMatchObject([{ silent }]);
  }
  await registry.close();
});

test('an instance whose row was lost says everything anew', async () => {
  const registry = openPostgresRegistry({ address: newAddress(), id: 'a' });
  await registry.beat(STATE);
  await database.query(`DELETE FROM s${schemas}.instances`);
  await registry.beat(STATE);
  await registry.beat(STATE);
  expect(await registry.list()).toMatchObject([STATE]);
  await registry.close();
});
