// Addressed to shared caches in place of Cache-Control (RFC 9213; Surrogate-Control came before it).
const TARGETED = new Set(['cdn-cache-control', 'surrogate-control']);

/**
 * Whether a shared cache could keep the answer and give its Set-Cookie to others: it states freshness or a validator
 * date without an unqualified `private` or `no-store`. Source: RFC 9111 §3, §4.2.2, §5.2, read cautiously.
 */
export function sharedCacheMayKeep(method: string, headers: string[]): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  let hint = false;
  let forbidden = false;
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    const value = headers[i + 1] as string;
    if (name === 'cache-control') {
      hint = true;
      forbidden ||= forbids(value);
    } else if (TARGETED.has(name)) {
      // A cache that it is meant for obeys it alone; one that does not know it obeys Cache-Control.
      if (!forbids(value)) return true;
      hint = true;
    } else if (name === 'expires' || name === 'last-modified') hint = true;
  }
  return hint && !forbidden;
}

/**
 * Makes an answer one that no shared cache keeps, unless it is one: other clients are not pinned, and what a cache
 * does with an answer that says nothing is its own affair.
 */
export function keepFromSharedCaches(method: string, headers: string[]): void {
  if (method !== 'GET' && method !== 'HEAD') return;
  let forbidden = false;
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    const name = (headers[i] as string).toLowerCase();
    if (name === 'cache-control' && forbids(headers[i + 1] as string)) forbidden = true;
    else if (name === 'cache-control' || TARGETED.has(name)) headers.splice(i, 2);
  }
  if (!forbidden) headers.push('Cache-Control', 'private, no-store');
}

const DIRECTIVE = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"?|[^\s,;]*))?/g;

function forbids(directives: string): boolean {
  for (const [, name = '', argument] of directives.matchAll(DIRECTIVE)) {
    const directive = name.toLowerCase();
    // `private="X-Name"` holds back that one field; the rest of the answer may be kept.
    if (directive === 'no-store' || (directive === 'private' && argument === undefined)) return true;
  }
  return false;
}
