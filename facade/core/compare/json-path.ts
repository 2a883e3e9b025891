import { findSecrets } from '../redact/find-secrets.ts';
import { identifierKind } from './identifier.ts';

/** Member names, and positions in lists, from the root down. */
export type PathSegments = readonly (string | number)[];

const PLAIN_NAME = /^[A-Za-z_$][\w$-]*$/;
const MAX_NAME = 80;
const MAX_PATH = 1000;

/** `$.articles[*].price`: no indices, and names that look like ids or are secrets folded to `*`, so that paths stay few. */
export function foldedPath(segments: PathSegments): string {
  return pathText(segments, (segment) =>
    typeof segment === 'number' ? '[*]' : isNoName(segment) ? '.*' : nameText(segment),
  );
}

/** What `foldedPath` leaves out, by what stands for it in `marks`: positions, and names that look like ids. */
export function foldedOut(segments: PathSegments, marks: PathSegments): string {
  return marks
    .filter((_, depth) => {
      const segment = segments[depth] as string | number;
      return typeof segment === 'number' || isNoName(segment);
    })
    .map(String)
    .join('/');
}

function isNoName(name: string): boolean {
  return identifierKind(name) !== null || (!/^\w{1,15}$/.test(name) && findSecrets(name).length > 0);
}

/** `$.articles[3].price` */
export function exactPath(segments: PathSegments): string {
  return pathText(segments, (segment) => (typeof segment === 'number' ? `[${segment}]` : nameText(segment)));
}

function pathText(segments: PathSegments, text: (segment: string | number) => string): string {
  let path = '$';
  for (const segment of segments) {
    path += text(segment);
    if (path.length > MAX_PATH) return `${path.slice(0, MAX_PATH)}…`;
  }
  return path;
}

function nameText(name: string): string {
  const short = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
  return PLAIN_NAME.test(short) ? `.${short}` : `[${JSON.stringify(short)}]`;
}
