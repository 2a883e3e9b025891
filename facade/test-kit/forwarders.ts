import { createHpmForwarder } from '../adapters/forwarder.hpm.ts';
import { createUndiciForwarder } from '../adapters/forwarder.undici.ts';
import type { Forwarder } from '../http/forwarder.ts';

/** Every forwarder there is, by name, for suites that run over each. */
export const FORWARDERS: readonly (readonly [string, () => Forwarder])[] = [
  ['http-proxy-middleware', createHpmForwarder],
  ['undici', () => createUndiciForwarder(createHpmForwarder())],
];
