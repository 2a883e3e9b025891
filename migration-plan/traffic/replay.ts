import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, type CompiledRules, compareAnswers, compileRules } from '#facade/core/compare/index.ts';
import { compileRedaction, Redactor } from '#facade/core/redact/redactor.ts';
import type { Plan, Route } from '#plan/model/plan.ts';
import { type RecordedExchange, recordedBody } from '#plan/model/recorded-exchange.ts';
import { GivenUp } from '#plan/parity/given-up.ts';
import type { CaseOutcome, CaseReport, SuiteReport } from '#plan/parity/report.ts';
import { isSafe, routeOf } from '#plan/parity/route-match.ts';
import { SuiteStopped } from '#plan/parity/run-suite.ts';
import { learnSecrets, redacted, shown } from '#plan/parity/shown.ts';
import { NoAnswer, type Sent, Side, type SideName } from '#plan/parity/side.ts';

/** How fast: so many times as fast as it was recorded, so many a second, or as fast as answers come. */
export type Rate =
  | { readonly kind: 'recorded'; readonly times: number }
  | { readonly kind: 'perSecond'; readonly requests: number }
  | { readonly kind: 'max' };

export type ReplayOptions = {
  readonly plan: Plan;
  /** Name of the file, for reports. */
  readonly file: string;
  /** Whom to ask, and where that is instead of where the plan says. */
  readonly to: SideName;
  readonly url: string | null;
  readonly rate: Rate;
  readonly concurrency: number;
  /** Whether requests are sent that change something; else they are skipped. */
  readonly writes: boolean;
  readonly timeoutMs: number;
  /** Sent with every request that belonged to a session; without them such requests are skipped. */
  readonly session: Readonly<Record<string, string>> | null;
  /** Sends nothing more when it aborts; what was sent is reported. */
  readonly signal?: AbortSignal;
  /** Called after each. */
  readonly onCase?: (done: CaseReport, route: string) => void;
};

/** More failures than this are reported without their bodies, so that memory stays bounded. */
const MAX_WITH_BODIES = 500;
const SKIPPED = {
  noRoute: 'no route of the plan claims it',
  write: 'it writes; requests that write are sent with --writes',
  redacted: 'a secret was taken out of the request, so it cannot be sent as it was',
  body: 'its body was not kept whole',
  answer: 'its answer was not kept whole',
  itself: 'this side had answered it itself',
  session: 'it belongs to a session: give one with --as or --header',
  conditional: 'its answer was about what the client had already (206, 304)',
};

type Target = {
  readonly side: Side;
  readonly rules: CompiledRules;
  /** Rejects when nobody answers there. */
  readonly isThere: Promise<unknown>;
  readonly givenUp: GivenUp;
};

/**
 * Sends recorded requests to one side and compares its answers with the recorded ones. One report for each route, in the
 * order of their names; requests that no route claims stand in one named `-`. Rejects with SuiteStopped when the side is
 * not there at all. Memory does not grow with the recording but
 * for a line for each request.
 */
export async function replay(
  exchanges: AsyncIterable<RecordedExchange>,
  options: ReplayOptions,
): Promise<SuiteReport[]> {
  const run = new Replay(options);
  const running = new Set<Promise<void>>();
  let number = 0;
  for await (const exchange of exchanges) {
    await run.due(exchange, number++);
    if (run.stopped || options.signal?.aborted) break;
    const one = run.send(exchange, number).finally(() => running.delete(one));
    running.add(one);
    if (running.size >= options.concurrency) await Promise.race(running);
  }
  await Promise.all(running);
  if (run.stopped) throw run.stopped;
  return run.reports();
}

class Replay {
  readonly #options: ReplayOptions;
  readonly #targets = new Map<string, Target>();
  readonly #cases = new Map<string, CaseReport[]>();
  readonly #started = performance.now();
  readonly #startedAt = new Date().toISOString();
  #firstAtMs: number | null = null;
  #failed = 0;
  /** Why nothing more is to be sent. */
  stopped: SuiteStopped | null = null;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** Resolves when the request is to be sent, `number` counted from 0. */
  async due({ at }: RecordedExchange, number: number): Promise<void> {
    const { rate } = this.#options;
    if (rate.kind === 'max') return;
    this.#firstAtMs ??= Date.parse(at);
    const dueMs =
      rate.kind === 'perSecond'
        ? (number * 1000) / rate.requests
        : (Date.parse(at) - this.#firstAtMs) / rate.times;
    const left = dueMs - (performance.now() - this.#started);
    // Whoever aborts does not want the rest of the wait either.
    if (left > 0) await wait(left, undefined, { signal: this.#options.signal }).catch(() => undefined);
  }

  async send(exchange: RecordedExchange, number: number): Promise<void> {
    const { plan, onCase } = this.#options;
    const path = exchange.target.replace(/\?.*$/s, '');
    const claimed = routeOf(plan, exchange.method, path);
    const redactor = new Redactor(compileRedaction(plan.redact));
    learnSecrets(this.#sentOf(exchange), redactor);
    const target = redactor.urlWithoutEchoes(redactor.url(exchange.target, claimed?.match.pattern));
    const request = `${exchange.method} ${target}`;
    const began = performance.now();
    const found = await this.#outcome(exchange, claimed, request, redactor);
    const done = { name: `#${number} ${request}`, ms: Math.round(performance.now() - began), ...found };
    const route = claimed?.route.name ?? '-';
    const cases = this.#cases.get(route) ?? [];
    this.#cases.set(route, cases);
    cases.push(this.#lean(done));
    onCase?.(done, route);
  }

  async #outcome(
    exchange: RecordedExchange,
    claimed: ReturnType<typeof routeOf>,
    request: string,
    asked: Redactor,
  ): Promise<Pick<CaseReport, 'outcome' | 'reason' | 'steps'>> {
    const skip = this.#skipReason(exchange, claimed);
    if (skip !== null || !claimed) return { outcome: 'skipped', reason: skip ?? SKIPPED.noRoute, steps: [] };
    const { plan } = this.#options;
    const { side, rules, isThere, givenUp } = this.#targetOf(claimed.route);
    let answer: Answer;
    try {
      await isThere;
    } catch (error) {
      this.stopped ??= new SuiteStopped((error as Error).message, true);
      return { outcome: 'error', reason: this.stopped.message, steps: [] };
    }
    try {
      if (givenUp.reason !== null) return { outcome: 'error', reason: givenUp.reason, steps: [] };
      answer = await side.ask(this.#sentOf(exchange));
      givenUp.heard();
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      await givenUp.unheard();
      const words = asked.withoutEchoes(asked.text(error.message));
      return { outcome: 'error', reason: words, steps: [] };
    }
    const redactor = new Redactor(compileRedaction(plan.redact));
    const recorded = recordedAnswer(exchange);
    const fresh = comparable(answer, exchange, redactor);
    const origins = [plan.legacy?.url, side.url].flatMap((url) => (url ? new URL(url).origin : []));
    const compared = compareAnswers(recorded, fresh, rules, {
      origins: { public: new URL(plan.publicUrl).origin, sides: origins },
    });
    if (compared.outcome === 'too-complex')
      return { outcome: 'error', reason: 'the answers are too large or too deep to be compared', steps: [] };
    const { differences, more } = compared;
    if (differences.length + more === 0) return { outcome: 'passed', reason: null, steps: [] };
    // What was recorded is the reference, whoever had answered it.
    learnSecrets(this.#sentOf(exchange), redactor);
    const [legacy, candidate] = [shown(recorded, redactor), shown(fresh, redactor)];
    const step = {
      request,
      legacy,
      candidate,
      differences: differences.map((one) => redacted(one, redactor)),
      more,
    };
    return { outcome: 'failed', reason: null, steps: [step] };
  }

  #skipReason(exchange: RecordedExchange, claimed: ReturnType<typeof routeOf>): string | null {
    const { writes, session, to } = this.#options;
    const { method, body, answer, status } = exchange;
    if (!claimed) return SKIPPED.noRoute;
    if (!isSafe(method, claimed.match) && !writes) return SKIPPED.write;
    if (exchange.redacted) return SKIPPED.redacted;
    if (body.tooLarge || body.digest !== null) return SKIPPED.body;
    if (answer.tooLarge) return SKIPPED.answer;
    if (status === 304 || status === 206) return SKIPPED.conditional;
    if (exchange.route !== '' && exchange.upstream === to && to === 'candidate') return SKIPPED.itself;
    const has = exchange.headers.cookie ?? exchange.headers.authorization;
    return exchange.session !== null && session === null && has === undefined ? SKIPPED.session : null;
  }

  #sentOf({ method, target, headers, body, session }: RecordedExchange): Sent {
    const sent: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers))
      sent[name] = [value].flat().join(name === 'cookie' ? '; ' : ', ');
    if (session !== null) Object.assign(sent, this.#options.session);
    return { method, path: target, headers: sent, body: body.text };
  }

  #targetOf(route: Route): Target {
    let target = this.#targets.get(route.name);
    if (!target) {
      const { plan, to, url, timeoutMs } = this.#options;
      const planned = to === 'legacy' ? plan.legacy?.url : plan.candidates.get(route.candidate)?.url;
      const side = new Side(to, url ?? planned ?? '', {
        rewrite: to === 'candidate' ? route.rewrite : null,
        change: route.credentials[to],
        timeoutMs,
      });
      const ask = () => side.ask({ method: 'GET', path: '/', headers: {}, body: null });
      const isThere = ask();
      target = { side, rules: compileRules(route.compare), isThere, givenUp: new GivenUp(ask) };
      this.#targets.set(route.name, target);
    }
    return target;
  }

  #lean(done: CaseReport): CaseReport {
    if (done.outcome !== 'failed' || ++this.#failed <= MAX_WITH_BODIES) return done;
    return {
      ...done,
      steps: done.steps.map(({ differences, more, ...step }) => ({
        ...step,
        legacy: null,
        candidate: null,
        differences: [],
        more: more + differences.length,
      })),
    };
  }

  reports(): SuiteReport[] {
    const { plan, file, to } = this.#options;
    return [...this.#cases]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, cases]) => {
        const route = plan.routes.find((one) => one.name === name);
        const counts: Record<CaseOutcome, number> = { passed: 0, failed: 0, skipped: 0, error: 0 };
        for (const { outcome } of cases) counts[outcome]++;
        const asked = this.#targets.get(name)?.side.url ?? 'not asked';
        return {
          route: name,
          file,
          routeHash: route?.hash ?? '',
          legacy: to === 'legacy' ? asked : 'as recorded',
          candidate: to === 'candidate' ? asked : 'as recorded',
          startedAt: this.#startedAt,
          ms: Math.round(performance.now() - this.#started),
          counts,
          unsentWrites: cases.filter(({ reason }) => reason === SKIPPED.write).length,
          coverage: null,
          cases,
        };
      });
  }
}

function recordedAnswer({ status, answerHeaders, answer }: RecordedExchange): Answer {
  return { status, headers: answerHeaders, body: Buffer.from(answer.digest ?? answer.text ?? '') };
}

/** A fresh answer told as the recorded one is: its secrets replaced, what is no text by its digest. */
function comparable(
  answer: Answer,
  { answer: recorded, answerHeaders, route }: RecordedExchange,
  redactor: Redactor,
): Answer {
  const { text, digest } = recordedBody(answer.body);
  if (recorded.digest !== null || digest !== null)
    return { ...answer, body: Buffer.from(digest ?? text ?? '') };
  // A HAR file holds what was said, and nothing was taken out of it.
  if (route === '') return answer;
  const headers: Record<string, string | readonly string[] | undefined> = { ...answer.headers };
  for (const name of Object.keys(answerHeaders)) {
    const value = headers[name];
    if (value === undefined) continue;
    const shownValues = [value].flat().map((one) => redactor.header(name, one));
    headers[name] = shownValues.length === 1 ? (shownValues[0] as string) : shownValues;
  }
  const type = [answer.headers['content-type'] ?? ''].flat()[0] ?? '';
  return {
    ...answer,
    headers: headers as Answer['headers'],
    body: Buffer.from(text === null ? '' : redactor.body(text, type)),
  };
}
