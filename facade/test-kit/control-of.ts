import pino from 'pino';
import { type Control, openControl } from '../control/control.ts';
import type { Ledger } from '../core/ledger.ts';
import { planOf, routeOf } from './plan-of.ts';

/** The control plane of one replica with the routes articles and authors. */
export function controlOf(ledger: Ledger): Promise<Control> {
  const plan = planOf({ routes: [routeOf('articles', ['GET /a']), routeOf('authors', ['GET /b'])] });
  return openControl({
    plan,
    loadPlan: () => ({ plan, problems: [] }),
    ledger,
    store: null,
    copyCheck: async () => ({ copied: true }),
    inTheWay: async () => null,
    differing: async () => [],
    log: pino({ level: 'silent' }),
    now: () => new Date(),
  });
}
