import { isIP } from 'node:net';
import { type Reading, read, refuse } from './reading.ts';

export const CIDR_PATTERN = '[0-9A-Fa-f.:]+(/\\d{1,3})?';

/** Reads a CIDR block, IPv4 or IPv6; a bare address is the block that holds it alone. */
export function parseCidr(text: unknown): Reading<string> {
  const refusal = refuse('an address block', '10.0.0.0/8');
  if (typeof text !== 'string') return refusal;
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return refusal;
  const widest = family === 4 ? 32 : 128;
  if (bits === undefined) return read(`${address}/${widest}`);
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > widest) {
    return refuse(`a prefix length from 0 to ${widest}`, `${address}/${widest}`);
  }
  return read(`${address}/${Number(bits)}`);
}
