import type { Readable } from 'node:stream';
import { DRY_RUN_HEADER } from '#plan/model/dry-run.ts';
import type { Route } from '#plan/model/plan.ts';
import { unreadable } from '../../core/compare/index.ts';
import type { Party } from '../../core/party.ts';
import type { DiscardReason, SkipReason } from '../../core/shadow/fate.ts';
import type { Call } from '../call.ts';
import type { Exchange, ForwardOutcome } from '../forwarder.ts';
import type { Leg } from '../leg.ts';
import type { AnswerTap } from './answer-tap.ts';
import type { TappedBody } from './body-tap.ts';
import type { CaptureBudget } from './capture-budget.ts';
import type { CarriedData } from './carried-data.ts';
import type { Comparer, RawAnswer } from './comparer.ts';
import type { Copied, Copier, Copy } from './copier.ts';
import { Finding } from './finding.ts';
import { Sampler } from './kept-sample.ts';
import { noteBuild } from './named-build.ts';
import { type Answers, Repeats } from './repeats.ts';
import type { SecondAsks } from './second-asks.ts';
import type { ShadowSink } from './shadow-sink.ts';
import type { Waste } from './waste.ts';

type TurnParts = {
  readonly call: Call;
  readonly route: Route;
  readonly side: Party;
  readonly leg: Leg;
  readonly tap: AnswerTap;
  readonly budget: CaptureBudget;
  readonly sink: ShadowSink;
  readonly rehearse: boolean;
  readonly secondAsks: SecondAsks;
  readonly waste: Waste;
  readonly carried: CarriedData | null;
  readonly copier: Copier;
  readonly comparer: Comparer;
  /** Whether a copy of this request would still be sent to this side now. */
  readonly isShadowed: () => boolean;
  readonly onFault: (error: unknown) => void;
};

type Kept = Exclude<Copied, { kind: 'failed' }>;
type Ended = { readonly outcome: ForwardOutcome; readonly party: Party };

/** One request and its copy, from the moment it is forwarded until both answers are in and compared. */
export class ShadowTurn {
  /** The request's body, where there is one. */
  tapped: TappedBody | null = null;
  readonly #parts: TurnParts;
  readonly #asked: Party;
  #closed = false;
  #ended: Ended | null = null;
  #repeats: Repeats | null = null;
  /** Of a rehearsal: whether anything came to the other side since the write began, or may lack there of what was before. */
  #mayHaveMetItself: Promise<boolean> | null = null;
  #onEnded: (ended: Ended) => void = () => {};

  constructor(parts: TurnParts) {
    this.#parts = parts;
    this.#asked = parts.leg.party;
  }

  /** To be forwarded in place of the request's body. */
  get body(): Readable | null {
    return this.tapped?.stream ?? null;
  }

  head(status: number, rawHeaders: readonly string[]): void {
    if (!this.#closed) this.#parts.tap.head(status, rawHeaders);
  }

  /** The client has its answer, or none; `party` is who gave it in the end. */
  ended(outcome: ForwardOutcome, party: Party): void {
    if (this.#ended) return;
    this.#ended = { outcome, party };
    this.#onEnded(this.#ended);
  }

  /** Of a rehearsal: what was written before it may not all be there. */
  doubt(): void {
    this.#mayHaveMetItself = Promise.resolve(true);
  }

  sent(): void {
    this.#parts.sink.fate('sent');
  }

  drop(): void {
    this.#parts.sink.fate('dropped');
    this.#close();
  }

  skip(reason: SkipReason): void {
    this.#parts.sink.fate({ skipped: reason });
    this.#close();
  }

  /** Sends the copy, waits for both answers and compares. Never rejects. */
  async run(
    waitedMs: number,
    copyTo: (party: Party) => Copy,
    headers: Exchange['headers'],
    body: Buffer | null,
  ): Promise<void> {
    const { sink, side, route, copier, waste, isShadowed } = this.#parts;
    // A side that was left is left alone, however many copies still wait for it.
    if (!isShadowed()) return this.#discard('no-shadow');
    // What is compared so late would be compared with another state of the data.
    if (waitedMs > route.shadow.timeoutMs || waste.isSpent(performance.now())) return this.#discard('late');
    waste.began(performance.now());
    const copied = await copier.send(copyTo(side));
    noteBuild(sink, this.#parts.call, side, copied.rawHeaders);
    if (!this.#parts.rehearse) sink.answered(side, hasFailed(copied), headMs(copied));
    else
      this.#mayHaveMetItself ??=
        this.#parts.carried?.watch.mayHaveCarriedSince(this.#parts.call.started) ?? null;
    // The next copy need not wait for a client that reads slowly.
    void this.#conclude(copied, copyTo, headers, body);
  }

  async #conclude(
    copied: Copied,
    copyTo: (party: Party) => Copy,
    headers: Exchange['headers'],
    body: Buffer | null,
  ): Promise<void> {
    const { sink, route, tap, waste } = this.#parts;
    const noteWaste = () => waste.ended(copied, route.shadow.maxBodyBytes, performance.now());
    if (copied.kind === 'failed') {
      noteWaste();
      sink.failed();
      return this.#close();
    }
    try {
      const ended = this.#ended ?? (await new Promise<Ended>((resolve) => (this.#onEnded = resolve)));
      // Where both are large nobody is to blame.
      if (tap.exceeded === null) noteWaste();
      const reason =
        this.#discardReason(copied, ended) ?? (await this.#compare(copied, copyTo, headers, body));
      if (reason !== null) sink.discarded(reason);
    } catch (error) {
      // Whatever it is, the client has its answer, and each copy one end.
      this.#parts.onFault(error);
      this.#parts.sink.discarded('compare-failed');
    } finally {
      if (copied.kind === 'answer') this.#parts.budget.give(copied.body.length);
      this.#close();
    }
  }

  /**
   * Both answers are kept, and counted as kept, until nothing more is asked about them. Gives the reason where they say
   * nothing of each other.
   */
  async #compare(
    copied: Kept,
    copyTo: (party: Party) => Copy,
    headers: Exchange['headers'],
    body: Buffer | null,
  ): Promise<DiscardReason | null> {
    const { tap, route, side, call, comparer, rehearse } = this.#parts;
    const repeats = new Repeats(this.#parts, copyTo);
    this.#repeats = repeats;
    const { status, rawHeaders } = tap;
    const answer = repeats.asClient({ status, rawHeaders, body: tap.body() }, this.#asked);
    const both = copied.kind === 'answer' ? pairOf(side, answer, repeats.asClient(copied, side)) : null;
    const found = both
      ? await comparer.compare(route, both)
      : unreadable(side, copied.kind === 'streaming' ? 'media-type' : 'too-large');
    if (typeof found === 'string') return found;
    if (found.outcome === 'too-complex') return 'too-complex';
    const finding = new Finding(this.#parts, new Sampler(call, headers, body));
    if (rehearse) return finding.ofRehearsal(found, both !== null, this.#mayHaveMetItself);
    return finding.ofRead(found, { party: this.#asked, answer, both }, repeats);
  }

  #discardReason(copied: Copied, { outcome, party }: Ended): DiscardReason | null {
    const { tap, rehearse } = this.#parts;
    if (outcome.kind === 'client-gone' || outcome.kind === 'cut') return 'aborted';
    if (outcome.kind === 'failed' || outcome.kind === 'declined' || tap.status === 0) return 'no-answer';
    if (party !== this.#asked) return 'fallback';
    if (CONDITIONAL.has(tap.status)) return 'conditional';
    if (headerOf(tap.rawHeaders, 'content-type')?.toLowerCase().startsWith('text/event-stream'))
      return 'streaming';
    if (tap.exceeded !== null) return tap.exceeded;
    if (copied.kind === 'no-memory') return 'no-memory';
    // A head alone says nothing of a rehearsal, and what went to a HEAD has no body to be too large.
    if (copied.kind !== 'answer') return rehearse ? 'no-dry-run' : null;
    if (rehearse && headerOf(copied.rawHeaders, DRY_RUN_HEADER) !== 'done') return 'no-dry-run';
    return null;
  }

  #discard(reason: DiscardReason): void {
    this.#parts.sink.discarded(reason);
    this.#close();
  }

  #close(): void {
    this.#closed = true;
    this.#repeats?.release();
    this.#parts.tap.release();
    this.tapped?.release();
  }
}

/** What only a request with conditions or a range is answered; its copy has none. */
const CONDITIONAL = new Set([206, 304, 412, 416]);

function pairOf(side: Party, primary: RawAnswer, copy: RawAnswer): Answers {
  return side === 'candidate' ? { legacy: primary, candidate: copy } : { legacy: copy, candidate: primary };
}

function hasFailed(copied: Copied): boolean {
  return copied.kind === 'failed' || copied.status >= 500;
}

function headMs(copied: Copied): number | null {
  return copied.kind === 'failed' ? null : copied.headMs;
}

function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2)
    if ((rawHeaders[i] as string).toLowerCase() === name) return rawHeaders[i + 1];
  return undefined;
}
