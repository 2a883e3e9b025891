import { isIP } from 'node:net';
import type { Upstream } from '#plan/model/plan.ts';

/** What Node's TLS client is told of an upstream. */
export type TlsOptions = {
  /** Asked for by SNI, and what the certificate must be made out to; '' for an address, which SNI cannot name. */
  readonly servername: string;
  readonly ca?: string;
};

/** The Host header that an upstream gets is the public one; its certificate must be its own all the same. */
export function tlsOptions({ url, tls }: Upstream): TlsOptions {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  const servername = tls?.serverName ?? (isIP(host) ? '' : host);
  return tls?.ca ? { servername, ca: tls.ca } : { servername };
}
