import type { ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import { PROBLEMS, type ProblemCode } from './problem-codes.ts';

/** RFC 9457 problem details; `type` is `about:blank`, so `title` is the phrase of the status. */
export type ProblemBody = {
  type: 'about:blank';
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  [extension: string]: unknown;
};

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** The problem document of a code; the status comes from the table of codes. */
export function problemOf(code: ProblemCode, detail: string, extension: object = {}): ProblemBody {
  const { status } = PROBLEMS[code];
  return { type: 'about:blank', title: STATUS_CODES[status] ?? '', status, detail, code, ...extension };
}

/** Answers with a problem; `headers` is a flat list of names and values. */
export function sendProblem(response: ServerResponse, problem: ProblemBody, headers: string[] = []): void {
  const body = JSON.stringify(problem);
  response.writeHead(problem.status, [
    'Content-Type',
    PROBLEM_TYPE,
    'Content-Length',
    String(Buffer.byteLength(body)),
    'Cache-Control',
    'no-store',
    ...headers,
  ]);
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** The same answer as raw bytes, for a socket that asked for an upgrade and has no response object. */
export function rawProblem(problem: ProblemBody, headers: string[] = []): string {
  const body = JSON.stringify(problem);
  const lines = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
