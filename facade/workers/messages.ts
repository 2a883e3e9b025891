import type { Plan } from '#plan/model/plan.ts';
import type { Counts } from '../core/counts.ts';
import type { RouteObserved } from '../core/observation/observations-view.ts';
import type { Positions, Snapshot } from '../core/snapshot.ts';
import type { ToldFence } from '../http/fences/fences.ts';
import type { MetricsJson } from '../http/metrics.ts';
import type { RecordingOrder, Taken } from '../http/recording/recordings.ts';
import type { UpstreamView } from '../http/upstream-guards.ts';

/** What a worker is told once, before anything else. */
export type Assignment = {
  /** From 1. */
  readonly worker: number;
  /** How many workers share the limits of the instance. */
  readonly workers: number;
  readonly host: string;
  readonly port: number;
  readonly secret: Uint8Array;
  readonly dryRunSecret: string | null;
  readonly relayToken: string | null;
  readonly accessLog: boolean;
};

/** Positions and builds, with the plan where the worker does not have it yet. */
export type Situation = {
  readonly plan: Plan | null;
  readonly positions: Positions | null;
  readonly builds: Snapshot['builds'];
};

/** What the primary asks; each question has a number and gets one answer with it, in order. */
export type Question =
  | { readonly ask: 'serve'; readonly assignment: Assignment; readonly situation: Situation }
  | { readonly ask: 'apply'; readonly situation: Situation }
  | { readonly ask: 'report' }
  | { readonly ask: 'observed' }
  | { readonly ask: 'record'; readonly order: RecordingOrder | null }
  /** Another worker has answered a write: its client's reads are held here too. */
  | { readonly ask: 'fence'; readonly told: ToldFence }
  | { readonly ask: 'ping' };

export type ToWorker =
  | (Question & { readonly number: number })
  /** The primary asked an upstream how it is. */
  | { readonly tell: 'probed'; readonly candidate: string | null; readonly ok: boolean }
  /** What another worker counted. */
  | { readonly tell: 'counts'; readonly counts: Counts }
  /** All other workers know the fence with this number. */
  | { readonly tell: 'fenced'; readonly fence: number }
  | { readonly tell: 'drain' };

export type Report = { readonly upstreams: UpstreamView[]; readonly metrics: MetricsJson };

/** The answer to a question. `failed` says, in a line for people, why the port cannot be had. */
export type Answer = {
  readonly number: number;
  readonly failed?: string;
  readonly report?: Report;
  readonly observed?: readonly RouteObserved[];
  readonly taken?: Taken;
};

export type FromWorker =
  | Answer
  | { readonly tell: 'counts'; readonly counts: Counts }
  /** To be told to the others, and answered by `fenced`. */
  | { readonly tell: 'fence'; readonly fence: number; readonly told: ToldFence };
