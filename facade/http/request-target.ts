import { normalisePath, splitTarget } from '../core/path.ts';

export type RequestTarget = {
  readonly path: string;
  /** With its `?`, byte for byte; empty without one. */
  readonly query: string;
  /** Authority of an absolute-form target, else null. */
  readonly authority: string | null;
};

const ABSOLUTE = /^https?:\/\/([^/?#]*)/i;
// What node:http refuses to send on; its parser lets tab and form feed in.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const UNSENDABLE = /[\x00-\x20\x7f]/;

/** The path that is matched and forwarded; null for a target that is no path (RFC 9112 §3.2). */
export function readTarget(target: string): RequestTarget | null {
  const absolute = ABSOLUTE.exec(target);
  const { path, query } = splitTarget(absolute ? target.slice(absolute[0].length) : target);
  if (UNSENDABLE.test(query)) return null;
  const normal = normalisePath(absolute && path === '' ? '/' : path);
  return normal === null ? null : { path: normal, query, authority: absolute?.[1] ?? null };
}
