import { type Reading, read, refuse } from './reading.ts';

/** Reads an http(s) URL without credentials, query or fragment; the trailing slash is dropped. */
export function parseUrl(text: unknown): Reading<string> {
  const refusal = refuse('an http or https URL', 'http://127.0.0.1:4101');
  if (typeof text !== 'string' || !/^https?:\/\/[^/]/i.test(text) || /[\s\\]/.test(text)) return refusal;
  if (!URL.canParse(text)) return refusal;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    return refuse('a URL without user and password', `${url.protocol}//${url.host}`);
  }
  if (/[?#]/.test(text)) return refuse('a URL without query or fragment', url.origin + url.pathname);
  return read(`${url.origin}${url.pathname.replace(/\/+$/, '')}`);
}

/** Reads an http(s) origin: scheme, host and port, nothing after them. */
export function parseOrigin(text: unknown): Reading<string> {
  const url = parseUrl(text);
  if (!url.ok) return url;
  const { origin, pathname } = new URL(url.value);
  return pathname === '/' ? read(origin) : refuse('a URL without a path (see `rewrite` for paths)', origin);
}
