import { networkReason } from '../api/call.ts';

const PROBE_TIMEOUT_MS = 5_000;

/** One GET: the status and how long it took, or in `error` why there was no answer. */
export type Probe = {
  readonly status: number;
  readonly ms: number;
  /** `freelancers 0.1.0 (build 3f2a…)`, when the answer says so; null otherwise. */
  readonly version: string | null;
  readonly error: string | null;
};

export async function probe(url: string, token: string | null): Promise<Probe> {
  const started = performance.now();
  try {
    const response = await fetch(url, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      redirect: 'manual',
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    const text = await response.text();
    const ms = Math.round(performance.now() - started);
    return { status: response.status, ms, version: response.ok ? versionIn(text) : null, error: null };
  } catch (error) {
    return {
      status: 0,
      ms: Math.round(performance.now() - started),
      version: null,
      error: networkReason(error),
    };
  }
}

function versionIn(text: string): string | null {
  try {
    const { service, version, build } = JSON.parse(text) as Record<string, unknown>;
    if (typeof service !== 'string' || typeof version !== 'string') return null;
    return `${service} ${version}${typeof build === 'string' ? ` (build ${build})` : ''}`;
  } catch {
    return null;
  }
}
