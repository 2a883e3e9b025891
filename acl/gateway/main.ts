import pino from 'pino';
import { optionalSecret, port, readEnv, secret, text, url } from '../gateway-kit/env.ts';
import { health } from '../gateway-kit/health.ts';
import { HttpClient } from '../gateway-kit/http-client.ts';
import { runMain, serve } from '../gateway-kit/serve.ts';
import { legacyIdentity } from '../identity-bridge/legacy-identity.ts';
import { gatewayApp } from './app.ts';
import { FreelancersService } from './freelancers-service.ts';

await runMain(async () => {
  const env = readEnv(process.env, {
    PORT: { ...port, fallback: '4102' },
    HOST: { ...text, fallback: '127.0.0.1', fix: 'Set HOST to an address of this machine.' },
    FREELANCERS_URL: {
      ...url,
      fix: 'Set FREELANCERS_URL to the freelancers service, e.g. http://127.0.0.1:4111.',
    },
    LEGACY_URL: { ...url, fix: 'Set LEGACY_URL to the monolith, e.g. http://127.0.0.1:4101.' },
    SERVICE_TOKEN: { ...secret, fix: "Set SERVICE_TOKEN to the services' token." },
    DRY_RUN_SECRET: {
      ...optionalSecret,
      fix: 'Set DRY_RUN_SECRET to what facade and services have, or leave it unset.',
    },
    BUILD_ID: { ...text, fallback: 'dev', fix: '' },
  });
  const log = pino({ name: 'gateway' });
  const freelancers = new HttpClient({ url: env.FREELANCERS_URL, bearer: env.SERVICE_TOKEN });
  const legacy = new HttpClient({ url: env.LEGACY_URL, bearer: null, timeoutMs: 5000 });
  const app = gatewayApp({
    service: new FreelancersService(freelancers),
    identity: legacyIdentity(legacy),
    health: health('gateway', env.BUILD_ID, [
      {
        name: env.FREELANCERS_URL,
        check: async () => void (await freelancers.expect({ method: 'GET', path: '/readyz' })),
      },
    ]),
    dryRunSecret: env.DRY_RUN_SECRET || null,
    log,
  });
  return serve(app, {
    host: env.HOST,
    port: env.PORT,
    log,
    onStop: () => {
      freelancers.close();
      legacy.close();
    },
  });
});
