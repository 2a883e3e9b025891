import { Agent } from 'node:http';
import type { Express } from 'express';
import { type Logger, pino } from 'pino';
import supertest from 'supertest';
import type { DataSource } from 'typeorm';
import { type DatabaseOptions, openDatabase } from '../database/database.ts';
import type { Health } from '../health/health.ts';
import { type Answered, openapiConformance } from './openapi-conformance.ts';
import { createTestDatabase } from './test-database.ts';

const token = 'a-test-token';

export type TestService = {
  readonly app: Express;
  readonly url: string;
  readonly database: DataSource;
  /** Sends a request with the token; every answer under /v2 is compared with the OpenAPI document. */
  readonly send: (
    method: 'get' | 'put' | 'post' | 'patch' | 'delete',
    path: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ) => Promise<supertest.Response>;
  readonly unmet: () => string[];
  readonly stop: () => Promise<void>;
};

type Parts = {
  readonly database: DataSource;
  readonly token: string;
  readonly log: Logger;
  readonly now: () => Date;
  readonly health: Omit<Health, 'ready'>;
};

type Tested = Pick<DatabaseOptions, 'entities' | 'migrations'> & {
  readonly name: string;
  readonly openapi: Record<string, unknown>;
  readonly compose: (parts: Parts) => Promise<Express>;
};

/** A whole service on its own empty database, listening on a free port. */
export async function startTestService(
  purpose: string,
  { name, entities, migrations, openapi, compose }: Tested,
): Promise<TestService> {
  const { url, drop } = await createTestDatabase(purpose);
  const database = await openDatabase({ url, service: 'test', entities, migrations, waitMs: 0 });
  const health = { service: name, version: '0.0.0', build: 'test', stopping: () => false };
  const log = pino({ level: 'silent' });
  const app = await compose({ database, token, log, now: () => new Date(), health });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const conformance = openapiConformance(openapi);
  const agent = new Agent({ keepAlive: true });
  return {
    app,
    url,
    database,
    async send(method, path, { body, headers = {} } = {}) {
      const request = supertest(server)
        [method](path)
        .agent(agent)
        .set({ authorization: `Bearer ${token}`, ...headers });
      const answer = await (body === undefined ? request : request.send(body as object));
      if (path.startsWith('/v2/')) conformance.check(answer as unknown as Answered);
      return answer;
    },
    unmet: conformance.unmet,
    async stop() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await database.destroy();
      await drop();
    },
  };
}
