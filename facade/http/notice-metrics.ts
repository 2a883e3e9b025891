import { Counter, Gauge, Registry } from 'prom-client';
import type { NoticeCounts } from '../core/notifier.ts';
import { type MetricsPage, withMore } from './more-metrics.ts';

/** The metrics of a data plane, and those of what its control plane told somebody outside. */
export function withNotices(page: MetricsPage, counts: () => NoticeCounts): MetricsPage {
  const registry = new Registry();
  const count = (name: string, help: string, key: keyof NoticeCounts) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(counts()[key]);
      },
    });
  count('fig_notices_delivered_total', 'Notices that the webhook took.', 'delivered');
  count(
    'fig_notices_failed_total',
    'Notices that were given up: refused for good, or tried too often.',
    'failed',
  );
  count('fig_notices_dropped_total', 'Notices that were pushed out by later ones.', 'dropped');
  count('fig_notice_retries_total', 'Further attempts to send a notice.', 'retries');
  new Gauge({
    name: 'fig_notices_waiting',
    help: 'Notices that are to be sent, the one on its way among them.',
    registers: [registry],
    collect() {
      this.set(counts().waiting);
    },
  });
  return withMore(page, registry);
}
