import express, { type Express, type RequestHandler, type Router } from 'express';
import type { Logger } from 'pino';
import { isUnavailable } from '../database/failures.ts';
import { type DryRunOptions, dryRun } from '../dry-run/dry-run.ts';
import { type Health, healthRouter } from '../health/health.ts';
import { readEpoch } from '../sync/request-epoch.ts';
import { bearerAuth } from './bearer-auth.ts';
import { requestMetrics } from './metrics.ts';
import { notFound, problemHandler } from './problem.ts';
import { requestLog } from './request-log.ts';

export type ServiceAppOptions = {
  readonly log: Logger;
  readonly health: Health;
  readonly token: string;
  /** The OpenAPI description, answered at /openapi.json to everyone. */
  readonly openapi: object;
  readonly dryRun: DryRunOptions;
  /** What only callers with the token reach. */
  readonly routers: readonly (Router | RequestHandler)[];
};

/** The Express app of a service: what every service does, in the order a request meets it. */
export function serviceApp({
  log,
  health,
  token,
  openapi,
  dryRun: rehearsing,
  routers,
}: ServiceAppOptions): Express {
  const metrics = requestMetrics(health.service);
  const app = express().disable('x-powered-by').disable('etag');
  app.use(dryRun(rehearsing));
  app.use((_request, response, next) => {
    if (health.stopping()) response.set('connection', 'close');
    next();
  });
  app.use(requestLog(log), metrics.observe, metrics.router, healthRouter(health));
  app.get('/openapi.json', (_request, response) => {
    response.json(openapi);
  });
  app.use(bearerAuth(token), readEpoch, ...routers, notFound, problemHandler(log, isUnavailable));
  return app;
}
