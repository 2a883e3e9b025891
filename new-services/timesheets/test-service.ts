import { startTestService as start, type TestService } from '../service-kit/testing/test-service.ts';
import { timesheetsOpenapi } from './adapters/http/openapi.ts';
import { entities, migrations } from './adapters/typeorm/entities.ts';
import { composeTimesheets } from './compose.ts';

export type { TestService };

/** The whole service on its own empty database, listening on a free port. */
export function startTestService(purpose: string, dryRunSecret: string | null = null): Promise<TestService> {
  return start(purpose, {
    name: 'timesheets',
    entities,
    migrations,
    openapi: timesheetsOpenapi('0.0.0'),
    compose: (parts) => composeTimesheets({ ...parts, dryRunSecret }),
  });
}
