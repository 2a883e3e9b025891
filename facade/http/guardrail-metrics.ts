import { Counter, Gauge, Registry } from 'prom-client';
import type { GuardrailEvidence } from '../core/guardrail/judge.ts';
import { type MetricsPage, withMore } from './more-metrics.ts';

/** What was judged of a route last, and how many breaches were found since the start. */
export type GuardrailView = {
  readonly route: string;
  readonly guardrails: readonly GuardrailEvidence[];
  readonly breaches: number;
};

const VERDICTS = ['pass', 'hold', 'breach'] as const;

/** The metrics of a data plane, and what its guardrails say. A route that is judged no more is shown no more. */
export function withGuardrails(page: MetricsPage, views: () => readonly GuardrailView[]): MetricsPage {
  const registry = new Registry();
  const gauge = (name: string, help: string, value: (one: GuardrailEvidence) => number | null) =>
    new Gauge({
      name,
      help,
      labelNames: ['route', 'guardrail'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { route, guardrails } of views())
          for (const one of guardrails) this.set({ route, guardrail: one.name }, value(one) ?? Number.NaN);
      },
    });
  new Gauge({
    name: 'fig_guardrail_verdict',
    help: '1 for what a guardrail says of a route now (pass, hold, breach), 0 for what it does not.',
    labelNames: ['route', 'guardrail', 'verdict'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { route, guardrails } of views())
        for (const { name, verdict: said } of guardrails)
          for (const verdict of VERDICTS)
            this.set({ route, guardrail: name, verdict }, verdict === said ? 1 : 0);
    },
  });
  gauge(
    'fig_guardrail_value',
    'What a guardrail measures: shares of 1, p99 as a ratio to legacy; NaN before there is any.',
    ({ value }) => value,
  );
  gauge('fig_guardrail_threshold', 'What it is held against.', ({ threshold }) => threshold);
  gauge('fig_guardrail_samples', 'On how many answers its verdict rests.', ({ sample }) => sample);
  new Counter({
    name: 'fig_guardrail_breaches_total',
    help: 'Breaches of a route since the start, each told once however long it lasts.',
    labelNames: ['route'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { route, breaches } of views()) this.inc({ route }, breaches);
    },
  });
  return withMore(page, registry);
}
