import express, { type Express, type RequestHandler, type Response } from 'express';
import type { Logger } from 'pino';
import { dryRun } from '../gateway-kit/dry-run.ts';
import type { IdentityBridge } from '../gateway-kit/identity.ts';
import { legacyErrors } from '../gateway-kit/legacy-errors.ts';
import { requireRole, requireSession } from '../gateway-kit/session-check.ts';
import type { FreelancersService } from './freelancers-service.ts';
import { listFreelancers } from './list.ts';
import {
  activateFreelancer,
  blockFreelancer,
  createFreelancer,
  editFreelancer,
  getFreelancer,
  removeFreelancer,
} from './one-freelancer.ts';

export type GatewayParts = {
  readonly service: FreelancersService;
  readonly identity: IdentityBridge;
  readonly health: RequestHandler;
  /** Null: no dry runs. */
  readonly dryRunSecret: string | null;
  readonly log: Logger;
};

const refuseStranger = (response: Response) => void response.status(401).json({ error: 'not logged in' });
const refuseRole = (response: Response) => void response.status(403).json({ error: 'no rights' });

/**
 * The legacy contract of /api/freelancers on the new service. The framework, its defaults and the order of the
 * middleware are the monolith's: ETag, HEAD, OPTIONS, 404 pages and which refusal comes first follow from them.
 */
export function gatewayApp({ service, identity, health, dryRunSecret, log }: GatewayParts): Express {
  const app = express();
  app.use(health);
  app.use(dryRun(dryRunSecret));

  app.use(express.json({ limit: '1mb' }));
  app.use(express.urlencoded({ extended: true, limit: '1mb' }));
  app.use('/api', requireSession(identity, refuseStranger));

  const canWrite = requireRole(['adm', 'dis'], refuseRole);
  const isAdmin = requireRole(['adm'], refuseRole);
  app.get('/api/freelancers', listFreelancers(service));
  app.post('/api/freelancers', canWrite, createFreelancer(service));
  app.get('/api/freelancers/:id', getFreelancer(service));
  app.put('/api/freelancers/:id', canWrite, editFreelancer(service));
  app.post('/api/freelancers/:id/activate', canWrite, activateFreelancer(service));
  app.post('/api/freelancers/:id/block', canWrite, blockFreelancer(service));
  app.delete('/api/freelancers/:id', isAdmin, removeFreelancer(service));

  app.use(legacyErrors((error) => ({ error }), 'bad request', log));
  return app;
}
