import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { UpProcess } from '#plan/model/plan.ts';
import type { Service } from './supervisor.ts';

export const ROOT = resolve(import.meta.dirname, '../../..');

/** A process of the plan, with its place, its database and a folder for its state. */
export function planned(
  process: UpProcess,
  place: { databaseUrl: string | null; env: NodeJS.ProcessEnv; stateDir: string },
): Service {
  const { port, hostname } = new URL(process.url);
  const ownState = join(place.stateDir, process.name);
  mkdirSync(ownState, { recursive: true });
  return {
    name: process.name,
    run: join(ROOT, process.run),
    args: [],
    readyUrl: new URL(process.ready, process.url).href,
    logFile: join(place.stateDir, 'logs', `${process.name}.log`),
    env: {
      ...place.env,
      PORT: port || '80',
      HOST: hostname,
      STATE_DIR: ownState,
      ...(place.databaseUrl === null ? {} : { DATABASE_URL: place.databaseUrl }),
      ...process.env,
    },
  };
}

export function facade(place: {
  planDir: string;
  port: number;
  adminPort: number;
  adminUrl: string;
  env: NodeJS.ProcessEnv;
  stateDir: string;
  ledgerDir: string;
}): Service {
  const flags = {
    '--plan': resolve(place.planDir),
    '--port': String(place.port),
    '--admin-port': String(place.adminPort),
    '--ledger': `file:${join(place.ledgerDir, 'ledger.jsonl')}`,
    '--state': place.ledgerDir,
  };
  return {
    name: 'facade',
    run: join(ROOT, 'facade/main.ts'),
    args: Object.entries(flags).flat(),
    readyUrl: `${place.adminUrl}/readyz`,
    logFile: join(place.stateDir, 'logs', 'facade.log'),
    env: place.env,
  };
}
