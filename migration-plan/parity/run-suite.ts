import { randomBytes } from 'node:crypto';
import { compareAnswers, compileRules } from '#facade/core/compare/index.ts';
import { compileRedaction, Redactor } from '#facade/core/redact/redactor.ts';
import type { Plan, Route } from '#plan/model/plan.ts';
import { capture, fill, fillJson, UnknownCapture, withIdsOfLegacy } from './captures.ts';
import { type Contract, CoverageCount } from './contract-coverage.ts';
import { type GenerateOptions, generatedCases } from './generate/generated-cases.ts';
import { GivenUp } from './given-up.ts';
import type { CaseOutcome, CaseReport, StepReport, SuiteReport } from './report.ts';
import { matchOf } from './route-match.ts';
import { learnSecrets, redacted, shown } from './shown.ts';
import { NoAnswer, type Sent, Side, type SideName } from './side.ts';
import type { ParityCase, Step, Suite, User } from './suite.ts';

export type RunOptions = {
  readonly plan: Plan;
  readonly legacyUrl: string;
  readonly candidateUrl: string;
  /** Whether cases are sent that change something; else they are skipped. */
  readonly writes: boolean;
  /** Longest wait for an answer. */
  readonly timeoutMs: number;
  /** What the suite's coverage is told of; null tells nothing. */
  readonly contract?: Contract | null;
  /** Sends requests made from a contract after the cases of the suite; null for none. */
  readonly generate?: Omit<GenerateOptions, 'as'> | null;
  /** Sends no further case when it aborts; what was sent is reported. */
  readonly signal?: AbortSignal;
  /** Called after each case. */
  readonly onCase?: (done: CaseReport) => void;
};

/** Nothing can be told at all: a side is not there, or a user cannot log in. */
export class SuiteStopped extends Error {
  readonly unreachable: boolean;
  constructor(message: string, unreachable: boolean) {
    super(message);
    this.unreachable = unreachable;
  }
}

type Captures = Readonly<Record<SideName, Map<string, string>>>;
type Cookies = ReadonlyMap<string, Readonly<Record<SideName, string>>>;
const SKIPPED_WRITE = 'it writes; cases that write are sent with --writes';

/**
 * Sends every case to both sides, one after the other, each step to both at once, and compares the answers. Rejects with
 * SuiteStopped when a side cannot be reached or a user cannot log in; what a single case meets is in its report.
 */
export async function runSuite(suite: Suite, options: RunOptions): Promise<SuiteReport> {
  const { route } = suite;
  const sides = sidesOf(route, options);
  const startedAt = new Date().toISOString();
  const started = performance.now();
  await bothAreThere(sides);
  const run = new Run(suite, sides, options);
  await run.logIn();
  const cases: CaseReport[] = [];
  for (const one of suite.cases) {
    if (options.signal?.aborted) break;
    const done = await run.case(one);
    cases.push(done);
    options.onCase?.(done);
  }
  if (options.generate) {
    const as = suite.users.keys().next().value ?? null;
    const wanted = { ...options.generate, as };
    const made = await generatedCases(
      route,
      wanted,
      { writes: options.writes, signal: options.signal },
      (one) => run.case(one),
    );
    for (const one of made) options.onCase?.(one);
    cases.push(...made);
  }
  const counts: Record<CaseOutcome, number> = { passed: 0, failed: 0, skipped: 0, error: 0 };
  for (const { outcome } of cases) counts[outcome]++;
  return {
    route: route.name,
    file: suite.file,
    routeHash: route.hash,
    legacy: sides.legacy.url,
    candidate: sides.candidate.url,
    startedAt,
    ms: Math.round(performance.now() - started),
    counts,
    unsentWrites: cases.filter(({ reason }) => reason === SKIPPED_WRITE).length,
    coverage: run.coverage?.result() ?? null,
    cases,
  };
}

type Urls = { readonly legacyUrl: string; readonly candidateUrl: string; readonly timeoutMs: number };

function sidesOf(route: Route, { legacyUrl, candidateUrl, timeoutMs }: Urls): Record<SideName, Side> {
  const { legacy, candidate } = route.credentials;
  return {
    legacy: new Side('legacy', legacyUrl, { change: legacy, timeoutMs }),
    candidate: new Side('candidate', candidateUrl, { rewrite: route.rewrite, change: candidate, timeoutMs }),
  };
}

/** Logs a user of a suite in; answers the cookies for each side. Rejects with SuiteStopped. */
export function logIn(suite: Suite, user: string, options: RunOptions): Promise<Record<SideName, string>> {
  return new Run(suite, sidesOf(suite.route, options), options).cookiesOf(user);
}

async function bothAreThere(sides: Readonly<Record<SideName, Side>>): Promise<void> {
  for (const side of [sides.legacy, sides.candidate])
    await side.ask({ method: 'GET', path: '/', headers: {}, body: null }).catch((error: unknown) => {
      if (error instanceof NoAnswer) throw new SuiteStopped(error.message, true);
      throw error;
    });
}

class Run {
  readonly #suite: Suite;
  readonly #sides: Readonly<Record<SideName, Side>>;
  readonly #options: RunOptions;
  readonly #id = randomBytes(4).toString('hex');
  readonly coverage: CoverageCount | null;
  readonly #givenUp: GivenUp;
  #cookies: Cookies = new Map();

  constructor(suite: Suite, sides: Readonly<Record<SideName, Side>>, options: RunOptions) {
    this.#suite = suite;
    this.#sides = sides;
    this.#options = options;
    this.#givenUp = new GivenUp(() => bothAreThere(sides));
    const { contract } = options;
    this.coverage = contract
      ? new CoverageCount(contract, (method, path) => matchOf(suite.route, method, path) !== null)
      : null;
  }

  async logIn(): Promise<void> {
    const cookies = new Map<string, Record<SideName, string>>();
    for (const name of this.#suite.users.keys()) cookies.set(name, await this.cookiesOf(name));
    this.#cookies = cookies;
  }

  /** The session of a user of the suite at each side. Rejects with SuiteStopped. */
  async cookiesOf(name: string): Promise<Record<SideName, string>> {
    const user = this.#suite.users.get(name) as User;
    const legacy = await this.#cookieOf('legacy', name, user);
    return { legacy, candidate: user.at === 'each' ? await this.#cookieOf('candidate', name, user) : legacy };
  }

  async #cookieOf(side: SideName, name: string, user: User): Promise<string> {
    const step = { ...user, body: null };
    const answer = await this.#sides[side]
      .ask(sentOf(step, new Map([['run', JSON.stringify(this.#id)]]), ''))
      .catch((error: Error) => {
        throw new SuiteStopped(error.message, true);
      });
    const cookies = [answer.headers['set-cookie'] ?? []].flat().map((cookie) => cookie.split(';', 1)[0]);
    if (answer.status >= 400 || cookies.length === 0)
      throw new SuiteStopped(
        `${this.#suite.file}: user ${name} cannot log in at ${side}: ${user.request.method} ${user.request.path} was answered ${answer.status} ${cookies.length === 0 ? 'without a cookie' : ''}`.trim(),
        false,
      );
    return cookies.join('; ');
  }

  async case(one: ParityCase): Promise<CaseReport> {
    const started = performance.now();
    const steps: StepReport[] = [];
    const done = (outcome: CaseOutcome, reason: string | null): CaseReport => ({
      name: one.name,
      outcome,
      reason,
      steps,
      ms: Math.round(performance.now() - started),
    });
    if (one.skip !== null) return done('skipped', one.skip);
    if (!one.safe && !this.#options.writes) return done('skipped', SKIPPED_WRITE);
    const { reason: gone } = this.#givenUp;
    if (gone !== null) return done('error', gone);
    const redactor = new Redactor(compileRedaction(this.#options.plan.redact));
    const captures: Captures = {
      legacy: new Map([['run', JSON.stringify(this.#id)]]),
      candidate: new Map([['run', JSON.stringify(this.#id)]]),
    };
    for (const step of one.steps) {
      try {
        const reason = await this.#step(step, captures, redactor, steps);
        this.#givenUp.heard();
        if (reason !== null) return done('error', reason);
      } catch (error) {
        // A value that is missing because the sides differ is no error of the case.
        if (error instanceof UnknownCapture && differs(steps)) return done('failed', null);
        if (error instanceof NoAnswer) await this.#givenUp.unheard();
        if (error instanceof NoAnswer || error instanceof UnknownCapture)
          return done('error', redactor.text(error.message));
        throw error;
      }
    }
    return done(differs(steps) ? 'failed' : 'passed', null);
  }

  /** Sends one step and reports it; answers why the case cannot go on, or null. */
  async #step(
    step: Step,
    captures: Captures,
    redactor: Redactor,
    reports: StepReport[],
  ): Promise<string | null> {
    const cookie = step.as === null ? null : this.#cookies.get(step.as);
    const sentTo = (side: SideName) => sentOf(step, captures[side], cookie?.[side] ?? '');
    const [sentLegacy, sentCandidate] = [sentTo('legacy'), sentTo('candidate')];
    const [legacy, candidate] = await bothSettled(
      this.#sides.legacy.ask(sentLegacy),
      this.#sides.candidate.ask(sentCandidate),
    );
    this.coverage?.answered(step.request.method, sentLegacy.path, legacy.status);
    const missing: string[] = [];
    for (const [name, path] of Object.entries(step.capture))
      for (const [side, answer] of [
        ['legacy', legacy],
        ['candidate', candidate],
      ] as const) {
        const value = capture(answer, path);
        if (value === null) missing.push(`${name} (${path}) is not in the answer of ${side}`);
        else captures[side].set(name, value);
      }
    const compared = compareAnswers(
      legacy,
      withIdsOfLegacy(candidate, captures.legacy, captures.candidate),
      compileRules(step.compare),
      {
        origins: {
          public: new URL(this.#options.plan.publicUrl).origin,
          sides: [new URL(this.#sides.legacy.url).origin, new URL(this.#sides.candidate.url).origin],
        },
      },
    );
    learnSecrets(sentLegacy, redactor);
    reports.push({
      request: `${step.request.method} ${redactor.url(sentLegacy.path)}`,
      legacy: shown(legacy, redactor),
      candidate: shown(candidate, redactor),
      differences: compared.differences.map((difference) => redacted(difference, redactor)),
      more: compared.more,
    });
    if (step.status !== null && legacy.status !== step.status)
      return `expected legacy to answer ${step.status}, got ${legacy.status}: the case does not test what it means to`;
    if (compared.outcome === 'too-complex') return 'the answers are too large or too deep to be compared';
    // Where the sides differ, that is what the case is about; else nothing can go on without the value.
    return missing.length > 0 && compared.differences.length === 0 ? missing.join('; ') : null;
  }
}

const differs = (steps: readonly StepReport[]): boolean =>
  steps.some(({ differences, more }) => differences.length + more > 0);

/** Both are waited for, so that the next step meets two idle sides. */
async function bothSettled<T>(one: Promise<T>, other: Promise<T>): Promise<[T, T]> {
  const settled = await Promise.allSettled([one, other]);
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
  return settled.map((result) => (result as PromiseFulfilledResult<T>).value) as [T, T];
}

function sentOf(
  { request, headers, json, form, body }: Pick<Step, 'request' | 'headers' | 'json' | 'form' | 'body'>,
  captured: ReadonlyMap<string, string>,
  cookie: string,
): Sent {
  const sent: Record<string, string> = {};
  if (cookie !== '') sent.cookie = cookie;
  if (json !== undefined) sent['content-type'] = 'application/json';
  if (form !== null) sent['content-type'] = 'application/x-www-form-urlencoded';
  for (const [name, value] of Object.entries(headers)) sent[name.toLowerCase()] = fill(value, captured);
  const fields =
    form && Object.entries(form).map(([name, value]): [string, string] => [name, fill(value, captured)]);
  return {
    method: request.method,
    path: fill(request.path, captured, encodeURIComponent),
    headers: sent,
    body:
      json !== undefined
        ? fillJson(json, captured)
        : fields
          ? new URLSearchParams(fields).toString()
          : body === null
            ? null
            : fill(body, captured),
  };
}
