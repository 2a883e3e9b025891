import type { Route } from '#plan/model/plan.ts';
import type { Comparison, Difference } from '../../core/compare/index.ts';
import type { Again } from '../../core/noise/noise-table.ts';
import type { Party } from '../../core/party.ts';
import { byShape } from '../../core/shadow/by-shape.ts';
import type { DiscardReason } from '../../core/shadow/fate.ts';
import { alsoIn } from '../../core/shadow/without.ts';
import type { Call } from '../call.ts';
import type { CarriedData } from './carried-data.ts';
import type { RawAnswer } from './comparer.ts';
import type { Sampler } from './kept-sample.ts';
import type { Anew, Answers, Repeats } from './repeats.ts';
import type { SecondAsks } from './second-asks.ts';
import type { ShadowSink } from './shadow-sink.ts';

export type FindingParts = {
  readonly call: Call;
  readonly route: Route;
  readonly sink: ShadowSink;
  readonly secondAsks: SecondAsks;
  readonly carried: CarriedData | null;
  /** Whether a copy of this request would still be sent now. */
  readonly isShadowed: () => boolean;
};

/** What was said to a request: by the side that answered, and by both where the copy's answer could be read. */
export type Said = { readonly party: Party; readonly answer: RawAnswer; readonly both: Answers | null };

/** What comes of a comparison: it is told to the sink, if need be after the sides were asked again, or says nothing. */
export class Finding {
  readonly #parts: FindingParts;
  readonly #sampler: Sampler;
  readonly #endpoint: string;

  constructor(parts: FindingParts, sampler: Sampler) {
    const { sink, call } = parts;
    this.#parts = parts;
    this.#sampler = sampler;
    this.#endpoint = sink.endpointOf(call.method, call.decision.match?.pattern ?? '*', call.target.path);
  }

  /**
   * A write and its rehearsal; `isReadable`: what the rehearsal answered could be read; `mayHaveMetItself`: the write itself
   * may have come to the other side before.
   */
  async ofRehearsal(
    found: Comparison,
    isReadable: boolean,
    mayHaveMetItself: Promise<boolean> | null,
  ): Promise<DiscardReason | null> {
    const comparison = this.#placed(byShape(found));
    if (isReadable && comparison.outcome === 'mismatch' && (await mayHaveMetItself)) return 'unsettled';
    return this.#tell(comparison, null, true);
  }

  async ofRead(found: Comparison, said: Said, repeats: Repeats): Promise<DiscardReason | null> {
    const { carried } = this.#parts;
    const first = this.#placed(found);
    const again = this.#parts.sink.wantsRepeat(this.#endpoint, first.differences);
    if (carried && said.both && (await this.#isOnItsWay(first, carried)))
      return this.#onceCarried(carried, said.party, said.both, again !== null, repeats);
    return this.#besideNoise(first, again, said, repeats);
  }

  /** Whether what differs may be what one side has and the other will have in a moment. */
  async #isOnItsWay({ outcome, differences }: Comparison, { watch }: CarriedData): Promise<boolean> {
    const { sink, call } = this.#parts;
    if (outcome !== 'mismatch' || sink.explains(this.#endpoint, differences)) return false;
    return watch.hasMovedSince(call.started);
  }

  async #onceCarried(
    { owner, watch }: CarriedData,
    asked: Party,
    said: Answers,
    isNoiseWanted: boolean,
    repeats: Repeats,
  ): Promise<DiscardReason | null> {
    const { sink, route, secondAsks, isShadowed } = this.#parts;
    const earlier = [said[owner]];
    let held: Anew | null = null;
    for (let look = 0; look < LOOKS; look++) {
      const begun = performance.now();
      const anew: Anew | null = await secondAsks.take(
        this.#endpoint,
        SOON,
        () => repeats.ofBoth(owner, asked, earlier, isNoiseWanted),
        () => watch.carriesWithin(route.shadow.timeoutMs),
      );
      if (!anew) break;
      if (anew.comparison.outcome !== 'mismatch') return 'raced';
      // What came and went between two answers of the owner is in the other side's alone, and elsewhere each time.
      const comparison: Comparison = held ? alsoIn(held.comparison, anew.comparison) : anew.comparison;
      if (comparison.outcome !== 'mismatch') return 'unsettled';
      held = { ...anew, comparison };
      earlier.push(anew.last);
      if (sink.explains(this.#endpoint, comparison.differences) || !(await watch.hasMovedSince(begun))) break;
    }
    if (held) return this.#tell(this.#placed(held.comparison), held.repeat);
    return isShadowed() ? 'unsettled' : 'no-shadow';
  }

  async #besideNoise(
    first: Comparison,
    again: Again | null,
    { party, answer }: Said,
    repeats: Repeats,
  ): Promise<DiscardReason | null> {
    const { secondAsks, isShadowed } = this.#parts;
    const when = await this.#whenAgain(again);
    const ask = () => repeats.ofOne(party, answer);
    const repeat = when && (await secondAsks.take(this.#endpoint, when, ask));
    // Without the second answer, noise would be taken for a mismatch.
    if (when && !repeat && !isShadowed()) return 'no-shadow';
    return this.#tell(first, repeat);
  }

  /** Later only where data are at rest: rows that are written to would be taken for noise. */
  async #whenAgain(again: Again | null): Promise<Again | null> {
    const { carried } = this.#parts;
    if (!carried || again?.when !== 'later') return again;
    return (await carried.watch.hasMovedSince(performance.now() - AT_REST_MS))
      ? { ...again, when: 'soon' }
      : again;
  }

  #placed(all: Comparison): Comparison {
    return this.#sampler.placed(all, (one) => this.#parts.sink.knows(this.#endpoint, one));
  }

  #tell(comparison: Comparison, repeat: Comparison | null, dryRun = false): null {
    const keep = (difference: Difference) => this.#sampler.keep(difference);
    const placedRepeat = repeat && this.#placed(repeat);
    this.#parts.sink.compared({ endpoint: this.#endpoint, comparison, repeat: placedRepeat, dryRun, keep });
    return null;
  }
}

/** Data that nobody wrote to for so long may be asked for again a second later. */
const AT_REST_MS = 1_000;

/** So often a difference is looked at anew, while anything goes on being written. */
const LOOKS = 3;

/** Where no noise has to be learned, and nothing but what was on its way has to be waited for. */
const SOON: Again = { when: 'soon', missing: 0 };
