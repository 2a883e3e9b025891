import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { CohortSource, Plan } from '#plan/model/plan.ts';

/** What a plan says about the border between clients and the facade, ready for use. */
export type Edge = {
  readonly cohort: readonly CohortSource[];
  /** Origin that clients see: `https://www.example.com`. */
  readonly origin: string;
  readonly hostname: string;
  /** With its port, if it is not the scheme's own. */
  readonly host: string;
  readonly secure: boolean;
  /** Whether forwarded and identity headers of this peer are believed. */
  trusts(address: string): boolean;
};

export function edgeOf(plan: Plan): Edge {
  const trusted = new BlockList();
  for (const block of plan.trustedProxies) {
    const [address = '', bits] = block.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    trusted.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
  }
  const url = new URL(plan.publicUrl);
  return {
    cohort: plan.cohort,
    origin: url.origin,
    hostname: url.hostname,
    host: url.host,
    secure: url.protocol === 'https:',
    trusts: (address) => isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'),
  };
}

/** The address of the peer; an IPv4 one in its own form also on a dual-stack socket. */
export function peerAddress(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

/** The client behind trusted proxies: the last address of x-forwarded-for that is not itself trusted. */
export function clientAddress(request: IncomingMessage, edge: Edge): string {
  const peer = peerAddress(request);
  if (!edge.trusts(peer)) return peer;
  const hops = String(request.headers['x-forwarded-for'] ?? '').split(',');
  let client = peer;
  for (const hop of hops.reverse()) {
    const address = hop.trim();
    if (isIP(address) === 0) break;
    client = address;
    if (!edge.trusts(address)) break;
  }
  return client;
}

/**
 * The cohort key of a request: the first source present decides. Raw bytes as a latin1 string. Headers count only
 * from trusted peers; without any source the address decides, so that strangers do not all share one bucket.
 */
export function cohortKey(request: IncomingMessage, edge: Edge): string {
  for (const source of edge.cohort) {
    if (source.kind === 'address') break;
    const value =
      source.kind === 'cookie'
        ? cookieValue(request.headers.cookie, source.name)
        : edge.trusts(peerAddress(request))
          ? firstText(request.headers[source.name.toLowerCase()])
          : undefined;
    if (value) return value;
  }
  return clientAddress(request, edge);
}

const firstText = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

/** The raw value of the first cookie with this name, undefined without one. */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  return cookieValues(header, name)[0];
}

/** The raw values of all cookies with this name, in their order. */
export function cookieValues(header: string | undefined, name: string): string[] {
  const values: string[] = [];
  if (!header?.includes(name)) return values;
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) values.push(pair.slice(equals + 1).trim());
  }
  return values;
}

const OWN_COOKIES = 'x-fig-';

/** A Cookie header without the facade's own cookies, otherwise byte for byte; undefined when nothing is left. */
export function withoutOwnCookies(header: string): string | undefined {
  if (!header.includes(OWN_COOKIES)) return header;
  const kept = header.split(';').filter((pair) => !pair.trimStart().startsWith(OWN_COOKIES));
  return kept.length > 0 ? kept.join(';').trim() : undefined;
}
