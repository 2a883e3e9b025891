import type { UpstreamCounts } from './counts.ts';

export type BreakerSettings = {
  /** Share of failed requests in the window that opens it; 0: the first failure. */
  readonly ejectAtRatio: number;
  /** Fewer requests in the window open nothing. */
  readonly minimum: number;
  readonly windowMs: number;
  /** How long it stays open before the first trial; doubles with each failed one, up to the window. */
  readonly coolDownMs: number;
  /** False: it measures and never opens. */
  readonly ejects: boolean;
};

/** How a request may go: as any other, as the one trial of an open breaker, or not at all. */
export type Pass = 'in' | 'trial' | 'out';

/** What is seen of one upstream. `ill`: over the threshold, and asked all the same. */
export type Health = {
  readonly state: 'ok' | 'ill' | 'out' | 'trial';
  /** What put it out: failed requests or failed probes. */
  readonly cause: 'requests' | 'probes' | null;
  /** Of the window. */
  readonly requests: number;
  readonly failures: number;
  /** Failed probes in a row. */
  readonly failedProbes: number;
  /** How often it was put out since the start. */
  readonly ejections: number;
};

const SLICES = 10;
/** So many failed probes in a row put an upstream out, whatever its requests say. */
const FAILED_PROBES = 3;

/**
 * Circuit breaker of one upstream over a sliding window of ten slices. Pure: time comes as an argument, in
 * milliseconds. Closed it counts; over the threshold it opens; after the cool-down one request at a time is a trial,
 * whose success closes it and whose failure doubles the wait. While the last probe failed there are no trials.
 */
export class Breaker {
  readonly #settings: BreakerSettings;
  readonly #onTurn: (cause: Health['cause']) => void;
  readonly #sliceMs: number;
  readonly #slices = Array.from({ length: SLICES }, () => ({ index: -1, requests: 0, failures: 0 }));
  #cause: Health['cause'] = null;
  #trial = false;
  #retryAt = 0;
  #coolDownMs: number;
  #failedProbes = 0;
  #ejections = 0;
  /** Of this breaker alone, since `untold` was asked. */
  #untold = { requests: 0, failures: 0, recovered: false };

  /** `onTurn` hears when it opens (with the cause) and when it closes (null). */
  constructor(settings: BreakerSettings, onTurn: (cause: Health['cause']) => void = () => {}) {
    this.#settings = settings;
    this.#onTurn = onTurn;
    this.#sliceMs = settings.windowMs / SLICES;
    this.#coolDownMs = settings.coolDownMs;
  }

  enter(now: number): Pass {
    if (this.#cause === null) return 'in';
    if (this.#trial || now < this.#retryAt || this.#failedProbes > 0) return 'out';
    this.#trial = true;
    return 'trial';
  }

  /** Milliseconds until the next trial, as far as is known; at least 1 while it is open. */
  waitMs(now: number): number {
    return this.#cause === null ? 0 : Math.max(1, this.#retryAt - now);
  }

  succeeded(pass: Pass, now: number): void {
    if (pass === 'trial') {
      this.#untold.recovered = true;
      this.#close();
    } else if (this.#cause === null) {
      this.#untold.requests++;
      this.#slice(now).requests++;
    }
  }

  failed(pass: Pass, now: number): void {
    if (pass === 'trial') {
      this.#trial = false;
      this.#coolDownMs = Math.min(
        this.#coolDownMs * 2,
        Math.max(this.#settings.windowMs, this.#settings.coolDownMs),
      );
      this.#retryAt = now + this.#coolDownMs;
      return;
    }
    // Requests that were under way when it opened say nothing new.
    if (this.#cause !== null) return;
    this.#untold.requests++;
    this.#untold.failures++;
    this.#count(1, 1, now);
  }

  /** The request ended without telling anything, because its client left: another one may be the trial. */
  abandoned(pass: Pass): void {
    if (pass === 'trial') this.#trial = false;
  }

  /** What this one saw since it was last asked, for breakers of the same upstream elsewhere: they `add` it. */
  untold(): Pick<UpstreamCounts, 'requests' | 'failures' | 'recovered'> {
    const untold = this.#untold;
    this.#untold = { requests: 0, failures: 0, recovered: false };
    return untold;
  }

  /** Counts what another one saw: together they open; and one trial that succeeds closes all. */
  add(
    { requests, failures, recovered }: Pick<UpstreamCounts, 'requests' | 'failures' | 'recovered'>,
    now: number,
  ) {
    if (this.#cause !== null) {
      if (recovered) this.#close();
      return;
    }
    this.#count(requests, failures, now);
  }

  probed(ok: boolean, now: number): void {
    this.#failedProbes = ok ? 0 : this.#failedProbes + 1;
    if (ok && this.#cause === 'probes') this.#close();
    else if (this.#settings.ejects && this.#cause === null && this.#failedProbes >= FAILED_PROBES)
      this.#open('probes', now);
  }

  health(now: number): Health {
    const { requests, failures } = this.#sum(now);
    const ill = this.#failedProbes >= FAILED_PROBES || this.#isOver(now);
    const state = this.#trial ? 'trial' : this.#cause !== null ? 'out' : ill ? 'ill' : 'ok';
    return {
      state,
      cause: this.#cause,
      requests,
      failures,
      failedProbes: this.#failedProbes,
      ejections: this.#ejections,
    };
  }

  #count(requests: number, failures: number, now: number): void {
    const slice = this.#slice(now);
    slice.requests += requests;
    slice.failures += failures;
    if (failures > 0 && this.#settings.ejects && this.#isOver(now)) this.#open('requests', now);
  }

  #open(cause: 'requests' | 'probes', now: number): void {
    this.#cause = cause;
    this.#trial = false;
    this.#retryAt = now + this.#coolDownMs;
    this.#ejections++;
    this.#onTurn(cause);
  }

  #close(): void {
    this.#cause = null;
    this.#trial = false;
    this.#coolDownMs = this.#settings.coolDownMs;
    for (const slice of this.#slices) Object.assign(slice, { index: -1, requests: 0, failures: 0 });
    this.#onTurn(null);
  }

  #isOver(now: number): boolean {
    const { requests, failures } = this.#sum(now);
    const { minimum, ejectAtRatio } = this.#settings;
    return failures > 0 && requests >= minimum && failures >= ejectAtRatio * requests;
  }

  #slice(now: number) {
    const index = Math.floor(now / this.#sliceMs);
    const slice = this.#slices[index % SLICES] as { index: number; requests: number; failures: number };
    if (slice.index !== index) Object.assign(slice, { index, requests: 0, failures: 0 });
    return slice;
  }

  #sum(now: number): { requests: number; failures: number } {
    const oldest = Math.floor(now / this.#sliceMs) - SLICES + 1;
    let requests = 0;
    let failures = 0;
    for (const slice of this.#slices) {
      if (slice.index < oldest) continue;
      requests += slice.requests;
      failures += slice.failures;
    }
    return { requests, failures };
  }
}
