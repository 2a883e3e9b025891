import { Router } from 'express';
import { problem } from '../http/problem.ts';

export type Health = {
  readonly service: string;
  readonly version: string;
  readonly build: string;
  /** Resolves when everything the service depends on answers; rejects otherwise. */
  readonly ready: () => Promise<unknown>;
  /** True once the process has begun to stop: no new work should come. */
  readonly stopping: () => boolean;
};

/** `/livez` the process is up, `/readyz` it can work, `/version` what runs. Open to everyone. Every answer names the build. */
export function healthRouter(health: Health): Router {
  const router = Router();
  router.use((_request, response, next) => {
    response.set('x-build', health.build);
    next();
  });
  router.get('/livez', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    if (health.stopping()) throw problem('DEPENDENCY_UNAVAILABLE', 'The service is stopping.');
    try {
      await health.ready();
    } catch {
      throw problem('DEPENDENCY_UNAVAILABLE', 'The database does not answer.');
    }
    response.json({ status: 'ok' });
  });
  router.get('/version', (_request, response) => {
    response.json({ service: health.service, version: health.version, build: health.build });
  });
  return router;
}
