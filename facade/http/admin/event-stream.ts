import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Control, ControlEvent } from '../../control/control.ts';
import type { Replicas } from '../../control/replicas.ts';
import type { Access } from '../../core/access.ts';
import type { Ledger } from '../../core/ledger.ts';
import type { UpstreamView } from '../upstream-guards.ts';
import { bearerToken } from './bearer-token.ts';
import { EventHub, encodeEvent } from './event-hub.ts';
import { instanceView } from './instances.ts';
import { routeView } from './route-view.ts';

export type EventStreamOptions = {
  readonly control: Control;
  readonly ledger: Ledger;
  readonly replicas: Replicas;
  readonly upstreams: () => UpstreamView[] | Promise<UpstreamView[]>;
  readonly access: Access;
  readonly log: Logger;
  /** Default 2,000. */
  readonly maxStreams?: number;
};

/** How often upstreams are looked at for a turn of their health. */
const LOOK_MS = 1_000;
/** So many looks between two heartbeats. */
const LOOKS_PER_BEAT = 10;
/** A client that missed more entries gets the present state alone. */
const MAX_MISSED = 1_000;

/** What happens in the control plane, told to all who listen. */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #hub: EventHub;
  #timer: NodeJS.Timeout | null = null;
  #looks = 0;
  /** As they were at the last look. */
  #upstreams: readonly UpstreamView[] = [];

  constructor(options: EventStreamOptions) {
    this.#options = options;
    const { control, replicas, log } = options;
    this.#hub = new EventHub(() => log.warn('a client of the stream reads too slowly and is cut off'));
    control.watch((event) => this.#hub.size > 0 && this.#tell(event));
    replicas.onChange(() => this.#hub.size > 0 && this.#send('instances', { instances: this.#instances() }));
  }

  get max(): number {
    return this.#options.maxStreams ?? 2_000;
  }

  get full(): boolean {
    return this.#hub.size >= this.max;
  }

  /** Streams to a response, after what it missed since entry `after`; null: it has seen nothing yet. */
  open(response: ServerResponse, after: number | null): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
    response.write('retry: 2000\n\n');
    this.#begin(response, after).catch((error: Error) => {
      this.#options.log.error({ err: error }, 'stream failed');
      response.destroy();
    });
  }

  async #begin(response: ServerResponse, after: number | null): Promise<void> {
    await this.#lookAtUpstreams();
    // Nothing may be awaited between the look at the state and the place in the hub: what happens in between would be
    // told twice, or not at all.
    const added = this.#hub.add(response, this.#opening(after));
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS).unref();
    await added;
  }

  async #opening(after: number | null): Promise<Buffer[]> {
    const { control, ledger } = this.#options;
    const [seq, now] = [control.seenSeq, this.#snapshot()];
    if (after === null || after >= seq) return [now];
    const read = await ledger.read({ after, limit: MAX_MISSED + 1 });
    // What came after this moment reaches the client as an event.
    const missed = read.filter((entry) => entry.seq <= seq);
    if (missed.length > MAX_MISSED) return [now];
    return [...missed.map((entry) => encodeEvent('entry', entry, entry.seq)), now];
  }

  #snapshot(): Buffer {
    const { control } = this.#options;
    const { seenSeq: seq, distrust: fault, snapshot } = control;
    const routes = [...snapshot.states.values()].map(routeView);
    const state = { plan: snapshot.plan.hash, seq, fault, routes, instances: this.#instances() };
    return encodeEvent('snapshot', { ...state, upstreams: this.#upstreams }, seq);
  }

  #tell(event: ControlEvent): void {
    const { control } = this.#options;
    if (event.kind === 'renewed') this.#hub.send(this.#snapshot());
    if (event.kind === 'trust') this.#send('ledger', { fault: control.distrust });
    if (event.kind !== 'entries') return;
    for (const entry of event.entries) this.#hub.send(encodeEvent('entry', entry, entry.seq));
    for (const name of new Set(event.entries.map(({ route }) => route))) {
      const state = name === null ? undefined : control.snapshot.states.get(name);
      if (state) this.#send('route', routeView(state));
    }
  }

  // Whoever measures health says it when asked; nobody asks while nobody listens.
  async #look(): Promise<void> {
    if (this.#hub.size === 0) {
      if (this.#timer) clearInterval(this.#timer);
      this.#timer = null;
      return;
    }
    await this.#lookAtUpstreams();
    if (++this.#looks % LOOKS_PER_BEAT !== 0) return;
    this.#send('heartbeat', { seq: this.#options.control.seenSeq });
    void this.#dismiss();
  }

  // A token that was revoked or has expired opens no door, and keeps none open.
  async #dismiss(): Promise<void> {
    for (const response of this.#hub.responses) {
      const token = bearerToken(response.req);
      if (token === null || !(await this.#options.access.callerOf(token))) response.destroy();
    }
  }

  async #lookAtUpstreams(): Promise<void> {
    const before = this.#upstreams;
    // Those who measure may be about to be replaced; what they said last holds until others say something.
    this.#upstreams = await Promise.resolve(this.#options.upstreams()).catch(() => this.#upstreams);
    if (healthOf(before) !== healthOf(this.#upstreams))
      this.#send('upstreams', { upstreams: this.#upstreams });
  }

  #instances() {
    return this.#options.replicas.known.map(instanceView);
  }

  #send(event: string, data: unknown): void {
    this.#hub.send(encodeEvent(event, data));
  }
}

function healthOf(upstreams: readonly UpstreamView[]): string {
  return JSON.stringify(upstreams.map(({ party, candidate, state }) => [party, candidate, state]));
}
