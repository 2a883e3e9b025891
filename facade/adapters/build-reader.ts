import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Upstream } from '#plan/model/plan.ts';
import { MAX_BUILD_LENGTH } from '../core/build.ts';
import { type TlsOptions, tlsOptions } from './upstream-tls.ts';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 64 * 1024;

/**
 * The identity of the build that runs at an upstream, from its `build` path: what its `buildHeader` says, as in any other
 * answer; else the member `build`, `commit`, `sha` or `version` of a JSON answer, else the text itself. Undefined when it cannot be read now, null when it tells none.
 */
export async function readBuild(upstream: Upstream): Promise<string | null | undefined> {
  const { url, build, buildHeader } = upstream;
  if (build === null) return null;
  const answer = await get(new URL(url.replace(/\/$/, '') + build), tlsOptions(upstream));
  if (answer === null || isPassing(answer.status)) return undefined;
  if (answer.status !== 200) return null;
  const named = buildHeader === undefined ? undefined : answer.headers[buildHeader];
  return typeof named === 'string' && named !== ''
    ? named.slice(0, MAX_BUILD_LENGTH)
    : identityOf(answer.text);
}

/** An answer of a moment: the build is what it was, as far as anybody knows. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

function identityOf(text: string): string | null {
  let value: unknown = text.trim();
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: the text itself is the identity.
  }
  if (typeof value === 'object' && value !== null) {
    const members = value as Record<string, unknown>;
    // A build and its version: two builds may call themselves the same version.
    value = ['build', 'commit', 'sha', 'version']
      .map((name) => members[name])
      .find((one) => typeof one === 'string');
  }
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_BUILD_LENGTH) : null;
}

type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string };

function get(url: URL, tls: TlsOptions): Promise<Answer | null> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const request = send(url, {
      agent: false,
      ...(url.protocol === 'https:' ? tls : {}),
      headers: { 'user-agent': 'fig-build', accept: 'application/json, text/plain' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    request.once('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MAX_BYTES) answer.destroy();
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      answer.on('error', () => resolve(null));
      answer.on('close', () => resolve(null));
    });
    request.on('error', () => resolve(null));
    request.end();
  });
}
