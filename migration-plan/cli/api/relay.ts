import type { Plan } from '#plan/model/plan.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import type { Session } from '../session.ts';
import { type Call, call, type Party } from './call.ts';

/** Where a backfill stands. Times are ISO UTC, null when they have not come yet. */
export type BackfillStatus = {
  readonly set: string;
  readonly state: 'idle' | 'running' | 'done' | 'failed' | 'paused';
  readonly rowsTotal: number | null;
  readonly rowsRead: number;
  readonly applied: number;
  readonly stale: number;
  readonly removed: number;
  readonly quarantined: number;
  readonly checkpoint: unknown;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly rowsPerSecond: number | null;
  readonly etaSeconds: number | null;
  readonly error: string | null;
  /** Paused because the relay stopped in mid-run, not because somebody asked for it. */
  readonly interrupted?: boolean;
};

/** Whether writes to the tables of a set follow. */
export type CaptureStatus = {
  readonly set: string;
  readonly capture: 'installed' | 'absent' | 'broken';
  readonly missing: readonly string[];
  readonly doubt: string | null;
  readonly drift: readonly string[];
  readonly running: boolean;
  readonly waiting: number | null;
  readonly lagMs: number | null;
  readonly entries: number;
  readonly applied: number;
  readonly error: string | null;
};

export type ReconcileDifference = {
  readonly key: string;
  readonly kind: 'missing' | 'extra' | 'changed';
  readonly fields: readonly {
    readonly field: string;
    readonly legacy: string | null;
    readonly candidate: string | null;
  }[];
  readonly repaired: boolean;
  readonly reason: string | null;
};

/** What a comparison to its end found: every key is counted, the first 100 of each sort are named. */
export type ReconcileResult = {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly durationMs: number;
  readonly repair: boolean;
  readonly capture: 'installed' | 'absent' | 'broken';
  readonly compared: number;
  readonly missing: number;
  readonly extra: number;
  readonly changed: number;
  readonly repaired: number;
  readonly left: number;
  readonly quarantined: number;
  readonly restless: number;
  readonly differences: readonly ReconcileDifference[];
  readonly quarantine: readonly { readonly key: string; readonly reason: string }[];
  readonly restlessKeys: readonly string[];
};

/** Where a comparison of the two stores stands. `result` is of the last one that came to its end. */
export type ReconcileStatus = {
  readonly set: string;
  readonly state: 'idle' | 'running' | 'done' | 'failed' | 'stopped';
  readonly repair: boolean;
  readonly rowsTotal: number;
  readonly rowsRead: number;
  readonly rowsPerSecond: number | null;
  readonly etaSeconds: number | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly error: string | null;
  readonly interrupted: boolean;
  readonly result: ReconcileResult | null;
};

export type QuarantinedRow = {
  readonly key: string;
  readonly reason: string;
  readonly since: string;
  readonly refusedBy: 'service' | 'legacy';
};

/** The relay, as the CLI uses it. Every method rejects with `Failure`. */
export class RelayApi {
  readonly #party: Party;
  readonly #env: NodeJS.ProcessEnv;
  readonly #signal: AbortSignal | undefined;

  /** What is asked after `signal` has aborted, or waits for its answer then, rejects with an AbortError. */
  constructor(session: Session, plan: Plan, signal?: AbortSignal) {
    if (plan.relay === null) {
      throw new Failure(
        EXIT.refused,
        'PLAN_NO_RELAY',
        'plan.yaml relay: expected the URL of the relay, got nothing. Write e.g. `relay: { url: http://127.0.0.1:4120 }`.',
      );
    }
    this.#party = { name: 'relay', url: plan.relay.url, token: 'relay' };
    this.#env = session.env;
    this.#signal = signal;
  }

  start(set: string): Promise<BackfillStatus> {
    return this.#call(`/v1/sets/${encodeURIComponent(set)}/backfill`, 'POST');
  }

  status(set: string, timeoutMs?: number): Promise<BackfillStatus> {
    return this.#call(`/v1/sets/${encodeURIComponent(set)}/backfill`, 'GET', timeoutMs);
  }

  pause(set: string): Promise<BackfillStatus> {
    return this.#call(`/v1/sets/${encodeURIComponent(set)}/backfill`, 'DELETE');
  }

  capture(set: string): Promise<CaptureStatus> {
    return this.#call(`/v1/sets/${encodeURIComponent(set)}/capture`);
  }

  installCapture(set: string): Promise<CaptureStatus> {
    return this.#call(`/v1/sets/${encodeURIComponent(set)}/capture`, 'POST');
  }

  /** `release`: also the way back, for good, where the new service owns the set. */
  removeCapture(set: string, release: boolean): Promise<CaptureStatus> {
    const query = release ? '?release=true' : '';
    return this.#call(`/v1/sets/${encodeURIComponent(set)}/capture${query}`, 'DELETE');
  }

  startReconcile(set: string, repair: boolean): Promise<ReconcileStatus> {
    return this.#send(`/v1/sets/${encodeURIComponent(set)}/reconcile`, { method: 'POST', body: { repair } });
  }

  reconcile(set: string): Promise<ReconcileStatus> {
    return this.#call(`/v1/sets/${encodeURIComponent(set)}/reconcile`);
  }

  stopReconcile(set: string): Promise<ReconcileStatus> {
    return this.#call(`/v1/sets/${encodeURIComponent(set)}/reconcile`, 'DELETE');
  }

  async quarantine(set: string): Promise<readonly QuarantinedRow[]> {
    const path = `/v1/sets/${encodeURIComponent(set)}/quarantine`;
    const answer = await this.#send<{ rows: QuarantinedRow[] }>(path, { has: 'rows' });
    return answer.rows;
  }

  #call<T>(path: string, method = 'GET', timeoutMs?: number): Promise<T> {
    return this.#send(path, { method, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }

  #send<T>(path: string, options: Call): Promise<T> {
    return call(this.#party, path, this.#env, { has: 'set', ...options, signal: this.#signal });
  }
}
