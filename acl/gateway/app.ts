import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { dryRun } from '../gateway-kit/dry-run.ts';
import { passEpoch } from '../gateway-kit/epoch.ts';
import { legacyErrors } from '../gateway-kit/legacy-errors.ts';

export type GatewayParts = {
  /** Each puts the endpoints of a feature onto the app. */
  readonly mounts: readonly ((app: Express) => void)[];
  readonly health: RequestHandler;
  /** Null: no dry runs. */
  readonly dryRunSecret: string | null;
  readonly log: Logger;
};

/**
 * The legacy contract on the new services. The framework, its defaults and the order of the middleware are the
 * monolith's: ETag, HEAD, OPTIONS, 404 pages and which refusal comes first follow from them.
 */
export function gatewayApp({ mounts, health, dryRunSecret, log }: GatewayParts): Express {
  const app = express();
  app.use(health);
  app.use(dryRun(dryRunSecret));
  app.use(passEpoch);
  app.use(express.json({ limit: '1mb' }));
  app.use(express.urlencoded({ extended: true, limit: '1mb' }));
  for (const mount of mounts) mount(app);
  app.use(legacyErrors((error) => ({ error }), 'bad request', log));
  return app;
}
