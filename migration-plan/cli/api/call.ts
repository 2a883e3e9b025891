import { formatDuration } from '#plan/model/duration.ts';
import { formatProblem, type Problem } from '#plan/model/problem.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { Silence } from './silence.ts';
import { answerTimeoutMs } from './timeout.ts';
import { readToken, type TokenKind, tokenSource } from './token.ts';

export type Party = { readonly name: 'facade' | 'relay'; readonly url: string; readonly token: TokenKind };
export type Call = {
  readonly method?: string;
  readonly body?: unknown;
  readonly timeoutMs?: number;
  /** A member that each answer of the party has; one without it comes from somebody else. */
  readonly has?: string;
  /** Whoever aborts gets its AbortError. */
  readonly signal?: AbortSignal | undefined;
};

const START = {
  facade: 'Start it with `npx fig up`, or name another one with --admin URL.',
  relay: 'Start it with `npx fig up`, or correct `relay: { url }` in plan.yaml.',
} as const;

/** One request to the facade's admin API or to the relay. Anything but a 2xx answer is a `Failure` with its exit code. */
export async function call<T>(
  party: Party,
  path: string,
  env: NodeJS.ProcessEnv,
  options: Call = {},
): Promise<T> {
  const token = readToken(party.token, env);
  const headers: Record<string, string> = { accept: 'application/json, application/problem+json' };
  if (token !== null) headers.authorization = `Bearer ${token}`;
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  const timeoutMs = options.timeoutMs ?? answerTimeoutMs(env);
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${party.url}${path}`, {
      method: options.method ?? 'GET',
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(options.signal ? [options.signal] : [])]),
    });
    text = await response.text();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable(party, error, timeoutMs);
  }
  const answer = parse(text);
  if (response.ok && answer.json) {
    const { has } = options;
    if (has !== undefined && !Object.hasOwn(Object(answer.value), has))
      throw foreign(party, `without \`${has}\``);
    return answer.value as T;
  }
  if (response.ok) throw foreign(party, `${response.status} that is not JSON`);
  throw refusal(party, path, response.status, answer, token !== null);
}

/** A GET of plain text that asks for no token. */
export async function text(party: Party, path: string, env: NodeJS.ProcessEnv): Promise<string> {
  let whole = '';
  for await (const line of lines(party, path, env)) whole += `${line}\n`;
  return whole;
}

/** A facade that has nothing to tell says so every 10 s. */
const SILENCE_MS = 30_000;

/**
 * A GET whose answer comes line by line, for as long as something comes. Rejects with a `Failure` as `call` does, also
 * midway; `signal` ends it in peace.
 */
export async function* lines(
  party: Party,
  path: string,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const token = readToken(party.token, env);
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const silence = new Silence(answerTimeoutMs(env));
  const ends = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
  try {
    yield* linesOf(party, path, { headers, ends, silence });
  } catch (error) {
    if (isStopped(signal)) return;
    throw error instanceof Failure ? error : unreachable(party, error, silence.ms);
  } finally {
    silence.end();
  }
}

type Listening = {
  readonly headers: Record<string, string>;
  readonly ends: AbortSignal;
  readonly silence: Silence;
};

async function* linesOf(
  party: Party,
  path: string,
  { headers, ends, silence }: Listening,
): AsyncGenerator<string> {
  const response = await fetch(`${party.url}${path}`, { headers, redirect: 'manual', signal: ends });
  if (!response.ok || !response.body)
    throw refusal(party, path, response.status, parse(await response.text()), 'authorization' in headers);
  let rest = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    // Whoever reads may take its time.
    silence.end();
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
    silence.begin(SILENCE_MS);
  }
  if (rest !== '') yield rest;
}

const isStopped = (signal?: AbortSignal) => signal?.aborted === true;

/** What kept a request from being answered, in a few words. */
export function networkReason(error: unknown): string {
  const failure = error as Error & {
    cause?: { code?: string; message?: string; errors?: { code?: string }[] };
  };
  if (failure.name === 'TimeoutError') return 'no answer in time';
  const code = failure.cause?.code ?? failure.cause?.errors?.[0]?.code;
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET') return 'a connection that broke off';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'an unknown host';
  if (code?.startsWith('HPE_') || failure.cause?.message?.startsWith('Response does not match the HTTP'))
    return 'an answer that is not HTTP (another program holds the port)';
  return code ?? failure.cause?.message ?? failure.message;
}

function unreachable(party: Party, error: unknown, timeoutMs: number): Failure {
  const told =
    (error as Error).name === 'TimeoutError'
      ? ` within ${formatDuration(timeoutMs)}, got none. It hangs, or has too much to do: look at its log, or wait longer: FIG_TIMEOUT=2m`
      : `, got ${networkReason(error)}. ${START[party.name]}`;
  return new Failure(
    EXIT.unreachable,
    'CLI_UNREACHABLE',
    `${party.name}: expected an answer from ${party.url}${told}`,
    { cause: error },
  );
}

function foreign(party: Party, got: string): Failure {
  return new Failure(
    EXIT.unreachable,
    'CLI_UNREACHABLE',
    `${party.name}: expected the ${party.name} at ${party.url}, got an answer ${got}. Is another program listening there? ${START[party.name]}`,
  );
}

type Answer = { json: true; value: unknown } | { json: false };
type ProblemDocument = { code?: string; detail?: string; title?: string; errors?: unknown };

function parse(text: string): Answer {
  if (text === '') return { json: true, value: {} };
  try {
    return { json: true, value: JSON.parse(text) };
  } catch {
    return { json: false };
  }
}

function refusal(party: Party, path: string, status: number, answer: Answer, hadToken: boolean): Failure {
  const isProblem = answer.json && typeof answer.value === 'object' && answer.value !== null;
  const problem: ProblemDocument = isProblem ? (answer.value as ProblemDocument) : {};
  if (status === 401 || status === 403) {
    // The party knows who called and what was missing.
    if (status === 403 && typeof problem.detail === 'string')
      return new Failure(
        EXIT.unauthorised,
        problem.code ?? 'AUTH_REFUSED',
        `${party.name} (403): ${problem.detail}`,
        { details: problem },
      );
    const got = hadToken ? 'a token that is not known' : 'none';
    return new Failure(
      EXIT.unauthorised,
      problem.code ?? 'AUTH_REFUSED',
      `${party.name}: expected a token that ${party.url} accepts, got ${got}. Set ${tokenSource(party.token)}, as where it was started.`,
      { details: problem },
    );
  }
  if (!isProblem) {
    if (status >= 500) {
      return new Failure(
        EXIT.failed,
        'CLI_SERVER_FAILED',
        `${party.name}: expected an answer from ${party.url}${path}, got ${status}. Look at its log.`,
      );
    }
    return foreign(party, `${status} that is not a problem document`);
  }
  const exitCode = status === 409 ? EXIT.conflict : status >= 500 ? EXIT.failed : EXIT.refused;
  const what = problem.detail ?? problem.title ?? `status ${status}`;
  const message = [`${party.name} (${status}): ${what}`, ...planProblems(problem.errors)].join('\n');
  return new Failure(exitCode, problem.code ?? 'CLI_REFUSED', message, { details: problem });
}

/** The lines of a plan that the facade refused. */
function planProblems(errors: unknown): string[] {
  if (!Array.isArray(errors)) return [];
  return errors.filter((error): error is Problem => typeof error?.file === 'string').map(formatProblem);
}
