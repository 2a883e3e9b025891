import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import type { Session } from '../session.ts';
import { call, lines, type Party, text } from './call.ts';
import type { Evidence, Observations, ParityVerdict } from './observations.ts';
import { type Requests, readRequests } from './requests.ts';

/**
 * A route as the admin API answers it; `percent` is the canary share in percent (2.5). Its position is null while the
 * facade has a ledger that it cannot trust.
 */
export type RouteAnswer = Omit<RouteState, Position> & { readonly [key in Position]: RouteState[key] | null };
type Position = 'stage' | 'percent' | 'writer' | 'paused' | 'killed' | 'version';

/** A route whose position is known. */
export type RouteState = {
  readonly route: string;
  readonly stage: string;
  readonly percent: number;
  readonly writer: string;
  readonly paused: boolean;
  readonly killed: boolean;
  readonly version: number;
  readonly hash?: string;
  readonly match?: readonly string[];
  readonly data?: 'none' | 'shared' | { readonly owned: string };
  /** Why all reads go to the owner of the data, whatever the stage. */
  readonly fenced?: string | null;
  /** Instances that had not applied a rollback in time. */
  readonly pending?: readonly string[];
};

export type LedgerEntry = Readonly<Record<string, unknown>> & {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly route: string | null;
  readonly stage: string | null;
  readonly percent: number | null;
  readonly version: number;
  readonly actor: string;
  readonly reason: string;
  readonly forced?: true;
  readonly evidence?: { readonly route: string; readonly parity?: ParityVerdict };
  /** Where a data set stands. */
  readonly data?: { readonly step: string; readonly owner: string };
  readonly prev: string;
  readonly hash: string;
};

/** A facade that shares the ledger; `silent` when it was not seen for ten seconds. */
export type Instance = {
  readonly id: string;
  readonly version: string;
  readonly hash: string;
  readonly appliedSeq: number;
  readonly lastSeen: string;
  readonly silent: boolean;
};

export type Reload = { readonly hash: string; readonly previous: string; readonly changed: boolean };

export type PinRequest = {
  readonly route: string;
  readonly to: string;
  readonly ttl: string;
  readonly force?: boolean;
};
/** A pin's token, and the header or cookie that carries it. */
export type Pin = {
  readonly route: string;
  readonly to: string;
  readonly expiresAt: string;
  readonly name: string;
  readonly token: string;
};

/** Who owns a data set, and how its change of owners goes on. Null what is not known while the ledger cannot be trusted. */
export type DataSetAnswer = {
  readonly set: string;
  readonly owner: string | null;
  readonly epoch: number | null;
  readonly step: string | null;
  /** Who is to own it; null while nothing goes on. */
  readonly to: string | null;
  readonly version: number | null;
  readonly routes: readonly string[];
  readonly run: {
    readonly outcome: 'running' | 'done' | 'back';
    readonly detail: string | null;
    readonly pauseMs: number | null;
    readonly steps: readonly { readonly step: string; readonly tookMs: number; readonly detail: string }[];
  } | null;
  readonly checks?: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
};

export type Verb = 'rollback' | 'pause' | 'resume';
export type Transition = {
  readonly stage: string;
  readonly percent?: number;
  readonly reason: string;
  readonly expectedVersion: number;
  readonly force?: boolean;
};

/** Whether the position of a route is known. */
export function isKnown(answer: RouteAnswer): answer is RouteState {
  return answer.stage !== null && answer.version !== null;
}

/** The facade's admin API, as the CLI uses it. Every method rejects with `Failure`. */
export class AdminApi {
  readonly #party: Party;
  readonly #env: NodeJS.ProcessEnv;
  readonly #signal: AbortSignal | undefined;

  /** What is asked after `signal` has aborted, or waits for its answer then, rejects with an AbortError. */
  constructor(session: Session, signal?: AbortSignal) {
    this.#party = { name: 'facade', url: session.adminUrl, token: 'admin' };
    this.#env = session.env;
    this.#signal = signal;
  }

  async routes(): Promise<readonly RouteAnswer[]> {
    const answer = await this.#get<{ routes: RouteAnswer[] }>('/v1/routes', 'routes');
    return answer.routes;
  }

  async route(route: string): Promise<RouteState> {
    const answer = await this.#get<RouteAnswer>(`/v1/routes/${encodeURIComponent(route)}`, 'route');
    if (isKnown(answer)) return answer;
    throw new Failure(
      EXIT.failed,
      'LEDGER_CORRUPT',
      `facade: expected the position of ${route}, got none: its ledger cannot be trusted. Look at its log, or ${this.#party.url}/readyz.`,
    );
  }

  transition(route: string, transition: Transition): Promise<RouteState> {
    return this.#post(`/v1/routes/${encodeURIComponent(route)}/transitions`, transition, 'route');
  }

  act(route: string, verb: Verb, reason: string, timeoutMs?: number): Promise<RouteState> {
    return this.#post(`/v1/routes/${encodeURIComponent(route)}/${verb}`, { reason }, 'route', timeoutMs);
  }

  kill(
    route: string | undefined,
    reason: string,
  ): Promise<{ routes: readonly RouteState[]; pending?: readonly string[] }> {
    return this.#post('/v1/kill', route === undefined ? { reason } : { route, reason }, 'routes');
  }

  resumeKilled(reason: string): Promise<{ routes: readonly RouteState[] }> {
    return this.#post('/v1/resume', { reason }, 'routes');
  }

  /** The facades that share the ledger, and why what is told of them may be old. */
  instances(): Promise<{ instances: readonly Instance[]; fault: string | null }> {
    return this.#get('/v1/instances', 'instances');
  }

  evict(id: string, reason: string, force: boolean): Promise<unknown> {
    return this.#post(`/v1/instances/${encodeURIComponent(id)}/evict`, { reason, force }, 'id');
  }

  /** The set whose routes one of this name is; null when it owns none. */
  async setOf(route: string): Promise<DataSetAnswer | null> {
    const { sets } = await this.#get<{ sets: DataSetAnswer[] }>('/v1/data', 'sets');
    return sets.find(({ routes }) => routes.includes(route)) ?? null;
  }

  dataSet(set: string): Promise<DataSetAnswer> {
    return this.#get(`/v1/data/${encodeURIComponent(set)}/cutover`, 'set');
  }

  cutOver(
    set: string,
    body: { reason: string; to?: string; dryRun?: boolean; finalise?: boolean },
  ): Promise<DataSetAnswer> {
    return this.#post(`/v1/data/${encodeURIComponent(set)}/cutover`, body, 'set');
  }

  observations(route: string): Promise<Observations> {
    return this.#get(`/v1/routes/${encodeURIComponent(route)}/observations`, 'route');
  }

  /** `fresh`: with the build that the candidate tells just now. */
  evidence(route: string, build: 'known' | 'fresh' = 'known'): Promise<Evidence> {
    return this.#get(
      `/v1/routes/${encodeURIComponent(route)}/evidence${build === 'known' ? '' : '?build=fresh'}`,
      'route',
    );
  }

  /** Keeps what a run of a parity suite found; refused when another build or form of the route is there by now. */
  recordParity(
    route: string,
    run: {
      readonly parity: ParityVerdict;
      readonly hash: string;
      readonly build: string | null;
      readonly reason: string;
    },
  ): Promise<Evidence> {
    return this.#post(`/v1/routes/${encodeURIComponent(route)}/evidence`, run, 'route');
  }

  pin(pin: PinRequest): Promise<Pin> {
    return this.#post('/v1/pins', pin, 'token');
  }

  /** The lines of a recording as they come; see `migration-plan/model/recorded-exchange.ts`. */
  recording(
    route: string,
    { limit, seconds, maxBodyBytes }: { limit: number; seconds: number; maxBodyBytes: number },
    signal: AbortSignal,
  ): AsyncGenerator<string> {
    const query = `limit=${limit}&seconds=${seconds}&maxBodyBytes=${maxBodyBytes}`;
    return lines(
      this.#party,
      `/v1/routes/${encodeURIComponent(route)}/recording?${query}`,
      this.#env,
      signal,
    );
  }

  reload(reason: string, force: boolean): Promise<Reload> {
    return this.#post('/v1/reload', force ? { reason, force } : { reason }, 'hash');
  }

  /** Every entry after `after`, page by page, oldest first. */
  async *ledger(query: { route?: string; after?: number }): AsyncGenerator<LedgerEntry> {
    let after: number | null = query.after ?? 0;
    while (after !== null) {
      const search = new URLSearchParams({ after: String(after) });
      if (query.route !== undefined) search.set('route', query.route);
      const page: { entries: LedgerEntry[]; next: number | null } = await this.#get(
        `/v1/ledger?${search}`,
        'entries',
      );
      yield* page.entries;
      // A page that does not move on would be asked for ever again.
      after = page.entries.length > 0 && page.next !== null && page.next > after ? page.next : null;
    }
  }

  async requests(): Promise<Requests> {
    return readRequests(await text(this.#party, '/metrics', this.#env));
  }

  /** Why the facade does not trust its ledger and what to do about it, null when it does. */
  async ledgerFault(): Promise<string | null> {
    return (await this.ledgerDistrust())?.fault ?? null;
  }

  /** The same, with its code: `LEDGER_UNREACHABLE` passes by itself. */
  async ledgerDistrust(): Promise<{ readonly fault: string; readonly code: string } | null> {
    const { fault, faultCode } = await this.#get<{ fault?: string | null; faultCode?: string | null }>(
      '/v1/ledger?limit=1',
      'entries',
    );
    return fault == null ? null : { fault, code: faultCode ?? 'LEDGER_CORRUPT' };
  }

  /** `has`: a member that tells the answer from somebody else's. */
  #get<T>(path: string, has: string): Promise<T> {
    return call(this.#party, path, this.#env, { has, signal: this.#signal });
  }

  #post<T>(path: string, body: unknown, has: string, timeoutMs?: number): Promise<T> {
    const wait = timeoutMs === undefined ? {} : { timeoutMs };
    return call(this.#party, path, this.#env, { method: 'POST', body, has, signal: this.#signal, ...wait });
  }
}
