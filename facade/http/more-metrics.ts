import type { Registry } from 'prom-client';
import type { Metrics } from './metrics.ts';

/** What somebody who reads metrics gets. */
export type MetricsPage = Pick<Metrics, 'text' | 'contentType'>;

/** The same page, and what another registry shows below it. */
export function withMore(page: MetricsPage, registry: Registry): MetricsPage {
  return {
    contentType: page.contentType,
    text: async () => `${(await page.text()).trimEnd()}\n${await registry.metrics()}`,
  };
}
