import type { Answer, Origins } from './answer.ts';
import type { Severity } from './difference.ts';
import { textExcerpt } from './excerpt.ts';
import type { Findings } from './findings.ts';
import { canonicalMediaType, splitOutsideQuotes } from './media-type.ts';
import { readSetCookies } from './set-cookie.ts';

/** A client is steered by them: another value breaks it. */
const STEERING = new Set([
  'location',
  'content-type',
  'set-cookie',
  'www-authenticate',
  'content-disposition',
]);
/** Lists whose order and case say nothing (RFC 9110, 9111, Fetch). */
const SETS = new Set([
  'cache-control',
  'vary',
  'allow',
  'accept-ranges',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-expose-headers',
  'content-language',
  'pragma',
]);
const MAX_LENGTH = 8192;

/**
 * Tells the differences of the chosen headers: `content-type` by its parts, directives in any order, `location` with
 * both sides' origins as the public one, `set-cookie` cookie by cookie without values. Origins and rewritten prefixes
 * in other headers are the caller's to translate.
 */
export function diffHeaders(
  legacy: Answer['headers'],
  candidate: Answer['headers'],
  names: readonly string[],
  origins: Origins | null,
  findings: Findings,
): void {
  for (const name of names) {
    const a = linesOf(legacy, name);
    const b = linesOf(candidate, name);
    if (sameLines(a, b)) continue;
    if (name === 'set-cookie') {
      diffSetCookies(a, b, findings);
      continue;
    }
    const [first, second] = [a, b].map((lines) =>
      lines.length === 0 ? null : canonical(name, lines, origins),
    );
    if (first !== second)
      tell(name, a.length === 0 ? null : a.join(', '), b.length === 0 ? null : b.join(', '), findings);
  }
}

function diffSetCookies(a: readonly string[], b: readonly string[], findings: Findings): void {
  const first = readSetCookies(a);
  const second = readSetCookies(b);
  for (const name of new Set([...first.keys(), ...second.keys()])) {
    const [ofA, ofB] = [first, second].map((cookies) => cookies.get(name)?.join(' | ') ?? null);
    if (ofA !== ofB) tell(`set-cookie:${name.slice(0, 80)}`, ofA ?? null, ofB ?? null, findings);
  }
}

function tell(name: string, legacy: string | null, candidate: string | null, findings: Findings): void {
  const path = `header:${name}`;
  const { excerpt } = findings.limits;
  findings.add({
    kind: 'header',
    reason: null,
    severity: severityOfHeader(name),
    path: () => path,
    sample: () => ({
      at: path,
      legacy: legacy === null ? null : textExcerpt(legacy, excerpt),
      candidate: candidate === null ? null : textExcerpt(candidate, excerpt),
    }),
  });
}

function severityOfHeader(name: string): Severity {
  return STEERING.has(name.split(':')[0] as string) ? 'major' : 'minor';
}

function linesOf(headers: Answer['headers'], name: string): readonly string[] {
  const value = headers[name];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}

function canonical(name: string, lines: readonly string[], origins: Origins | null): string {
  const whole = lines.join(', ').slice(0, MAX_LENGTH);
  if (name === 'content-type') return canonicalMediaType(whole);
  if (name === 'location' || name === 'content-location') return publicLocation(whole, origins);
  const parts = splitOutsideQuotes(whole, ',').map((part) => part.trim().replace(/\s+/g, ' '));
  if (!SETS.has(name)) return parts.join(', ');
  return [...new Set(parts.map(lowerDirective))].filter(Boolean).sort().join(', ');
}

/** `Max-Age = 60` and `max-age=60` are one. */
function lowerDirective(part: string): string {
  const equals = part.indexOf('=');
  if (equals === -1) return part.toLowerCase();
  const value = part.slice(equals + 1).trim();
  return `${part.slice(0, equals).trim().toLowerCase()}=${/^"[^"\\]*"$/.test(value) ? value.slice(1, -1) : value}`;
}

function publicLocation(location: string, origins: Origins | null): string {
  if (!origins) return location;
  const base = URL.parse(origins.public);
  const url = base && URL.parse(location, base.href);
  if (!base || !url || !/^(?:https?:\/)?\//i.test(location)) return location;
  const isOurs = [base.origin, ...origins.sides.map((side) => URL.parse(side)?.origin)].includes(url.origin);
  return isOurs ? `${base.origin}${url.pathname}${url.search}${url.hash}` : url.href;
}
