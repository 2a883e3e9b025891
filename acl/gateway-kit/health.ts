import { readFileSync } from 'node:fs';
import { type RequestHandler, Router } from 'express';
import { problem } from './problem.ts';

/** A dependency that `/readyz` asks; resolves when it can be used, throws with one line when not. */
export type Dependency = { readonly name: string; readonly check: () => Promise<void> };

/** `/livez`, `/readyz` (503 problem+json naming what is out of reach) and `/version`. */
export function health(service: string, build: string, dependencies: readonly Dependency[]): RequestHandler {
  const version = packageVersion();
  const router = Router();
  router.get('/livez', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/version', (_request, response) => {
    response.json({ service, version, build });
  });
  router.get('/readyz', async (_request, response) => {
    const failures = (await Promise.all(dependencies.map(failureOf))).filter((failure) => failure !== null);
    if (failures.length === 0) response.json({ status: 'ready' });
    else problem(response, 503, 'ACL_NOT_READY', failures.join('; '));
  });
  return router;
}

async function failureOf({ name, check }: Dependency): Promise<string | null> {
  try {
    await check();
    return null;
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
