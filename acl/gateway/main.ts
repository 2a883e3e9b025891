import pino from 'pino';
import { optionalSecret, port, readEnv, secret, text, url } from '../gateway-kit/env.ts';
import { health } from '../gateway-kit/health.ts';
import { HttpClient } from '../gateway-kit/http-client.ts';
import { runMain, serve } from '../gateway-kit/serve.ts';
import { legacyIdentity } from '../identity-bridge/legacy-identity.ts';
import { gatewayApp } from './app.ts';
import type { Feature } from './feature.ts';
import * as features from './features.ts';

const FEATURES: readonly Feature[] = Object.values(features);

await runMain(async () => {
  const isGiven = ({ variable }: Feature) => (process.env[variable] ?? '') !== '';
  // Without any there is nothing to serve: then each is asked for.
  const served = FEATURES.some(isGiven) ? FEATURES.filter(isGiven) : FEATURES;
  const rules = {
    PORT: { ...port, fallback: '4102' },
    HOST: { ...text, fallback: '127.0.0.1', fix: 'Set HOST to an address of this machine.' },
    LEGACY_URL: { ...url, fix: 'Set LEGACY_URL to the monolith, e.g. http://127.0.0.1:4101.' },
    SERVICE_TOKEN: { ...secret, fix: "Set SERVICE_TOKEN to the services' token." },
    DRY_RUN_SECRET: {
      ...optionalSecret,
      fix: 'Set DRY_RUN_SECRET to what facade and services have, or leave it unset.',
    },
    BUILD_ID: { ...text, fallback: 'dev', fix: '' },
  };
  const addresses = Object.fromEntries(
    served.map(({ variable }) => [
      variable,
      { ...url, fix: `Set ${variable} to its service, e.g. http://127.0.0.1:4111.` },
    ]),
  );
  const env = readEnv(process.env, { ...addresses, ...rules } as typeof rules);
  const log = pino({ name: 'gateway' });
  const legacy = new HttpClient({ url: env.LEGACY_URL, bearer: null, timeoutMs: 5000 });
  const identity = legacyIdentity(legacy);
  const services = served.map((feature) => ({
    feature,
    http: new HttpClient({ url: process.env[feature.variable] as string, bearer: env.SERVICE_TOKEN }),
  }));
  const app = gatewayApp({
    mounts: services.map(
      ({ feature, http }) =>
        (app) =>
          feature.mount(app, { service: http, identity, legacy }),
    ),
    health: health(
      'gateway',
      env.BUILD_ID,
      services.map(({ feature, http }) => ({
        name: process.env[feature.variable] as string,
        check: async () => void (await http.expect({ method: 'GET', path: '/readyz' })),
      })),
    ),
    dryRunSecret: env.DRY_RUN_SECRET || null,
    log,
  });
  return serve(app, {
    host: env.HOST,
    port: env.PORT,
    log,
    onStop: () => {
      for (const { http } of services) http.close();
      legacy.close();
    },
  });
});
