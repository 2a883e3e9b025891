import { type AdminOptions, adminOperations } from '../admin.ts';
import type { EventStream } from './event-stream.ts';
import { openapiDocument } from './openapi.ts';

/** The document of the whole API. It describes operations without running one, so nothing has to stand behind them. */
export function publishedDocument(): Record<string, unknown> {
  return openapiDocument(adminOperations({ pins: {} } as AdminOptions, {} as EventStream));
}
