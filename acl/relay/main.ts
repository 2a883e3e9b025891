import { resolve } from 'node:path';
import pino from 'pino';
import { loadPlan } from '#plan/model/load-plan.ts';
import { formatProblem } from '#plan/model/problem.ts';
import { port, readEnv, StartError, secret, text } from '../gateway-kit/env.ts';
import { health } from '../gateway-kit/health.ts';
import { runMain, serve } from '../gateway-kit/serve.ts';
import { FAILPOINTS, killAt } from './failpoint.ts';
import { relayApi } from './http/relay-api.ts';
import { type OpenSet, openSet } from './open-set.ts';
import { openLegacyStore } from './source/open-legacy-store.ts';
import { lockStateDir } from './state/state-dir-lock.ts';
import { loadTranslator } from './translator-module.ts';

const ROOT = resolve(import.meta.dirname, '../..');

await runMain(async () => {
  const env = readEnv(process.env, {
    PORT: { ...port, fallback: '4120' },
    HOST: { ...text, fallback: '127.0.0.1', fix: 'Set HOST to an address of this machine.' },
    FIG_PLAN: {
      ...text,
      expected: 'the plan folder',
      fix: 'Set FIG_PLAN to the folder that holds plan.yaml.',
    },
    LEGACY_DATABASE_URL: { ...text, expected: 'a database URL', fix: 'Set LEGACY_DATABASE_URL.' },
    SERVICE_TOKEN: { ...secret, fix: "Set SERVICE_TOKEN to the services' token." },
    RELAY_TOKEN: { ...secret, fix: 'Set RELAY_TOKEN to the token that callers of the relay present.' },
    STATE_DIR: { ...text, expected: 'a folder', fix: 'Set STATE_DIR to a folder for checkpoints.' },
    BUILD_ID: { ...text, fallback: 'dev', fix: '' },
    FIG_FAILPOINT: {
      read: (spec: string) => (spec === 'none' ? () => {} : killAt(spec)),
      expected: `one of ${FAILPOINTS.join(', ')}`,
      fix: 'Unset it outside crash tests.',
      fallback: 'none',
    },
  });
  const { plan, problems } = loadPlan(resolve(env.FIG_PLAN), process.env);
  if (plan === null) throw new StartError(problems.map(formatProblem).join('\n'));
  lockStateDir(resolve(env.STATE_DIR));
  const log = pino({ name: 'relay' });
  const store = await openLegacyStore(env.LEGACY_DATABASE_URL);
  const sets = new Map<string, OpenSet>();
  for (const set of plan.dataSets.values())
    sets.set(
      set.name,
      await openSet(set, {
        store,
        translator: await loadTranslator(set, ROOT),
        legacyUrl: env.LEGACY_DATABASE_URL,
        serviceToken: env.SERVICE_TOKEN,
        stateDir: resolve(env.STATE_DIR),
        log,
        failpoint: env.FIG_FAILPOINT,
      }),
    );
  // What was noted while no relay ran is carried over first.
  for (const { owner } of sets.values()) await owner.start();
  const app = relayApi(sets, {
    token: env.RELAY_TOKEN,
    health: health('relay', env.BUILD_ID, [{ name: store.name, check: () => store.ping() }]),
    log,
  });
  return serve(app, {
    host: env.HOST,
    port: env.PORT,
    log,
    onStop: async () => {
      await Promise.all([...sets.values()].map((one) => one.close()));
      await store.close();
    },
  });
});
