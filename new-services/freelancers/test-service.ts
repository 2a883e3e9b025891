import { Agent } from 'node:http';
import type { Express } from 'express';
import { pino } from 'pino';
import supertest from 'supertest';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../service-kit/database/database.ts';
import { type Answered, openapiConformance } from '../service-kit/testing/openapi-conformance.ts';
import { createTestDatabase } from '../service-kit/testing/test-database.ts';
import { freelancersOpenapi } from './adapters/http/openapi.ts';
import { entities, migrations } from './adapters/typeorm/entities.ts';
import { composeFreelancers } from './compose.ts';

const token = 'a-test-token';

export type TestService = {
  readonly app: Express;
  readonly url: string;
  readonly database: DataSource;
  /** Sends a request with the token; every answer under /v2 is compared with the OpenAPI document. */
  readonly send: (
    method: 'get' | 'post' | 'patch' | 'delete',
    path: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ) => Promise<supertest.Response>;
  readonly unmet: () => string[];
  readonly stop: () => Promise<void>;
};

/** The whole service on its own empty database, listening on a free port. */
export async function startTestService(
  purpose: string,
  dryRunSecret: string | null = null,
): Promise<TestService> {
  const { url, drop } = await createTestDatabase(purpose);
  const database = await openDatabase({ url, service: 'test', entities, migrations, waitMs: 0 });
  const identity = { service: 'freelancers', version: '0.0.0', build: 'test', stopping: () => false };
  const log = pino({ level: 'silent' });
  const app = await composeFreelancers({
    database,
    token,
    dryRunSecret,
    log,
    now: () => new Date(),
    health: identity,
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const conformance = openapiConformance(freelancersOpenapi('0.0.0'));
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
