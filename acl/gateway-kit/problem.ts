import { STATUS_CODES } from 'node:http';
import type { Response } from 'express';

/** Answers RFC 9457 problem+json; `extra` adds members of its own. */
export function problem(
  response: Response,
  status: number,
  code: string,
  detail: string,
  extra: Readonly<Record<string, unknown>> = {},
): void {
  const body = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'error',
    status,
    detail,
    code,
    ...extra,
  };
  response.status(status).type('application/problem+json').send(JSON.stringify(body));
}
