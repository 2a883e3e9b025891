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
    help: 'Copies by route, outcome (match, mismatch, ignored, failed, discarded) and reason.',
    labelNames: ['route', 'outcome', 'reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { route, observations } of pages()) {
        for (const { match, mismatch, ignored } of observations.endpoints) {
          this.inc({ route, outcome: 'match', reason: '' }, match);
          this.inc({ route, outcome: 'mismatch', reason: '' }, mismatch);
          this.inc({ route, outcome: 'ignored', reason: '' }, ignored);
        }
        const { failed, discarded } = observations.counts;
        this.inc({ route, outcome: 'failed', reason: '' }, failed);
        for (const [reason, count] of Object.entries(discarded))
          this.inc({ route, outcome: 'discarded', reason }, count);
      }
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
