import type { Request } from 'express';
import { problem } from './problem.ts';

export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The versions that `If-Match` accepts (RFC 9110): null for `*` or for no header; a list that no version satisfies,
 * such as a weak tag, is empty. Throws 428 for a needed header that is missing, 400 for one that is no list of tags.
 */
export function expectedVersions(request: Request, need: 'required' | 'optional'): readonly number[] | null {
  const header = request.get('if-match')?.trim();
  if (header === undefined || header === '') {
    if (need === 'optional') return null;
    throw problem('PRECONDITION_REQUIRED', 'Send If-Match with the ETag of the version you have seen.');
  }
  if (header === '*') return null;
  if (!/^(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*$/.test(header)) {
    const message = 'expected entity tags in double quotes such as "3"';
    throw problem('REQUEST_INVALID', `header: if-match: ${message}`, [{ path: 'if-match', message }]);
  }
  return [...header.matchAll(/(W\/)?"([^"]*)"/g)].flatMap(([, weak, tag = '']) =>
    weak === undefined && /^[1-9]\d{0,9}$/.test(tag) ? [Number(tag)] : [],
  );
}
