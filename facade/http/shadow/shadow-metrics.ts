import { Counter, Gauge, type Registry } from 'prom-client';
import { inFlight } from '../../core/observation/account.ts';
import type { Observations } from '../../core/observation/observations.ts';

/** The page of each route; asked for whenever somebody reads the metrics. */
export type Pages = () => readonly { readonly route: string; readonly observations: Observations }[];

/** What became of copies, as counters; a new build or form of a route begins at 0. */
export function showShadow(registry: Registry, pages: Pages): void {
  new Counter({
    name: 'fig_shadow_requests_total',
    help: 'Requests that could be copied, by route, fate (sent, sampled-out, dropped, skipped) and reason.',
    labelNames: ['route', 'fate', 'reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { route, observations } of pages()) {
        const { sent, sampledOut, dropped, skipped } = observations.counts;
        this.inc({ route, fate: 'sent', reason: '' }, sent);
        this.inc({ route, fate: 'sampled-out', reason: '' }, sampledOut);
        this.inc({ route, fate: 'dropped', reason: '' }, dropped);
        for (const [reason, count] of Object.entries(skipped))
          this.inc({ route, fate: 'skipped', reason }, count);
      }
    },
  });
  new Counter({
    name: 'fig_shadow_copies_total',
    help: 'Copies by route, outcome (match, mismatch, ignored, failed, discarded) and reason; ignored as doubtful: noise or not, too little is known.',
    labelNames: ['route', 'outcome', 'reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { route, observations } of pages()) {
        for (const { match, mismatch, ignored, doubtful = 0 } of observations.endpoints) {
          this.inc({ route, outcome: 'match', reason: '' }, match);
          this.inc({ route, outcome: 'mismatch', reason: '' }, mismatch);
          this.inc({ route, outcome: 'ignored', reason: '' }, ignored - doubtful);
          this.inc({ route, outcome: 'ignored', reason: 'doubtful' }, doubtful);
        }
        const { failed, discarded } = observations.counts;
        this.inc({ route, outcome: 'failed', reason: '' }, failed);
        for (const [reason, count] of Object.entries(discarded))
          this.inc({ route, outcome: 'discarded', reason }, count);
      }
    },
  });
  new Gauge({
    name: 'fig_shadow_differences',
    help: 'Answers that differed, by route, kind and severity of the difference; one may have several. Rows that were pushed out are gone.',
    labelNames: ['route', 'kind', 'severity'],
    aggregator: 'sum',
    registers: [registry],
    collect() {
      this.reset();
      for (const { route, observations } of pages())
        for (const { kind, severity, count } of observations.fields)
          this.inc({ route, kind, severity }, count);
    },
  });
  new Counter({
    name: 'fig_shadow_second_asks_total',
    help: 'Requests that the side which answered was asked twice, to learn what differs by itself.',
    labelNames: ['route'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { route, observations } of pages()) this.inc({ route }, observations.secondAsks);
    },
  });
  new Gauge({
    name: 'fig_shadow_in_flight',
    help: 'Copies that wait for their turn, their answer or their comparison.',
    labelNames: ['route'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { route, observations } of pages()) this.set({ route }, inFlight(observations.counts));
    },
  });
}
