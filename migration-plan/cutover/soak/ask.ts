export type Answer = {
  readonly status: number;
  readonly json: Record<string, unknown>;
  readonly retryAfter: boolean;
};

const PATIENCE_MS = 20_000;

/** One request with a deadline: whoever answers may be stopped. Rejects when no whole answer came. */
export async function ask(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body?: object,
): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get('content-type') ?? '');
  return {
    status: answer.status,
    json: isJson ? JSON.parse(text) : {},
    retryAfter: answer.headers.has('retry-after'),
  };
}

/** Nobody listened, so nothing was sent. */
export const isRefused = (error: unknown) =>
  (error as { cause?: { code?: string } }).cause?.code === 'ECONNREFUSED';
