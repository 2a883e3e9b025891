import { findSecrets } from './find-secrets.ts';
import { isGranted } from './granting-names.ts';
import type { Placeholders } from './placeholders.ts';
import { secretByName } from './secret-names.ts';
import { replaceSpans, type Span } from './span.ts';

/**
 * Replaces the secrets of a URL or request target: parameters and path segments that are secrets by name or form, and
 * the password before the host. `template` (`/reset/:token`) gives the segments names. What is no secret stays the same
 * to the byte.
 */
export function redactUrl(url: string, placeholders: Placeholders, template?: string): string {
  const [, origin, path, query, fragment] =
    /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$/is.exec(url)!;
  return [
    origin && redactText(origin, placeholders),
    redactPath(path!, placeholders, template),
    query && `?${redactForm(query.slice(1), placeholders)}`,
    fragment && `#${redactForm(fragment.slice(1), placeholders)}`,
  ].join('');
}

/** A query, or a body of `application/x-www-form-urlencoded`. */
export function redactForm(form: string, placeholders: Placeholders): string {
  return form
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=');
      if (equals === -1) return redactEncoded(pair, placeholders, null);
      const name = decode(pair.slice(0, equals));
      // `user[password]` and `user.password` are named by their last word.
      const [raw, last] = [pair.slice(equals + 1), name.slice(-64).match(/[\w-]+(?=\]?$)/)?.[0] ?? ''];
      const kind = secretByName(name) ?? secretByName(last) ?? grantedKind(last, decode(raw));
      const value = redactEncoded(raw, placeholders, kind);
      return `${redactEncoded(pair.slice(0, equals), placeholders, null)}=${value}`;
    })
    .join('&');
}

/** `told` are secrets that somebody knows who has seen more of the text; `rest` is what else to take for some where nothing tells more of it. */
export function redactText(
  text: string,
  placeholders: Placeholders,
  told: readonly Span[] = [],
  rest: Iterable<Span> = [],
): string {
  const spans = [...told, ...findSecrets(text), ...rest];
  return spans.length === 0
    ? text
    : replaceSpans(text, spans, (secret, kind) => placeholders.text(secret, kind));
}

function redactPath(path: string, placeholders: Placeholders, template = ''): string {
  const names = template.replace(/^\S+ /, '').split('/');
  const segments = path.split('/');
  return segments
    .map((segment, at) => {
      const [value, ...parameters] = segment.split(';') as [string, ...string[]];
      const byTemplate = names[at]?.startsWith(':') ? secretByName(names[at].slice(1)) : null;
      const byNeighbour = kindBehind(segments[at - 1] ?? '', value);
      return [
        redactEncoded(value, placeholders, byTemplate ?? byNeighbour),
        ...parameters.map((one) => redactForm(one, placeholders)),
      ].join(';');
    })
    .join('/');
}

/** The kind of secret that a segment is by the one before it: `/password/x7Kf9`, but not `/password/reset`. */
function kindBehind(before: string, segment: string): string | null {
  const [name, value] = [decode(before), decode(segment)];
  return (/[^a-z-]/.test(segment) ? secretByName(name) : null) ?? grantedKind(name, value);
}

function grantedKind(name: string, value: string): string | null {
  return isGranted(name, value) ? 'secret' : null;
}

/** Whether a segment of a path holds a secret. */
export function isSecretSegment(before: string, segment: string): boolean {
  return kindBehind(before, segment) !== null || findSecrets(decode(segment)).length > 0;
}

function redactEncoded(raw: string, placeholders: Placeholders, kind: string | null): string {
  if (raw === '') return raw;
  const value = decode(raw);
  const redacted = kind ? placeholders.text(value, kind) : redactText(value, placeholders);
  return redacted === value ? raw : encodeURIComponent(redacted);
}

function decode(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '));
  } catch {
    return raw;
  }
}
