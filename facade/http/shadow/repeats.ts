import { setTimeout as wait } from 'node:timers/promises';
import type { Route } from '#plan/model/plan.ts';
import type { Comparison } from '../../core/compare/index.ts';
import type { Party } from '../../core/party.ts';
import { without } from '../../core/shadow/without.ts';
import { clientHeaders } from '../answer-headers.ts';
import type { Call } from '../call.ts';
import { answerContext } from '../side.ts';
import type { CaptureBudget } from './capture-budget.ts';
import type { Comparer, RawAnswer } from './comparer.ts';
import type { Copier, Copy } from './copier.ts';
import { noteBuild } from './named-build.ts';
import type { ShadowSink } from './shadow-sink.ts';

export type RepeatsParts = {
  readonly call: Call;
  readonly route: Route;
  readonly copier: Copier;
  readonly comparer: Comparer;
  readonly budget: CaptureBudget;
  readonly sink: Pick<ShadowSink, 'named'>;
  /** Whether a copy of this request would still be sent now. */
  readonly isShadowed: () => boolean;
};

export type Answers = { readonly [party in Party]: RawAnswer };

/** What the owner said when both sides were asked anew, what differs, and what of it is noise; null: nobody looked for that. */
export type Anew = {
  readonly last: RawAnswer;
  readonly comparison: Comparison;
  readonly repeat: Comparison | null;
};

/** Two answers of one millisecond tell the same time. */
const MOMENT_MS = 10;

/** Further asks of one request that has been answered and copied; what they are answered is kept until they are let go of. */
export class Repeats {
  readonly #parts: RepeatsParts;
  readonly #copyTo: (party: Party) => Copy;
  #keptBytes = 0;

  constructor(parts: RepeatsParts, copyTo: (party: Party) => Copy) {
    this.#parts = parts;
    this.#copyTo = copyTo;
  }

  /** What one side says to the same request, against what it said; null when it could not be asked. */
  async ofOne(party: Party, said: RawAnswer): Promise<Comparison | null> {
    const again = await this.#ask(party);
    return again && this.#compare({ legacy: said, candidate: again });
  }

  /**
   * Both sides anew, once all that was written before is at both of them; null when that tells nothing. The owner of the
   * data comes last: what it says otherwise than before (`earlier`) has changed meanwhile, and is left out.
   * `isNoiseWanted`: the side that answered is then asked once more, and what it says otherwise within a moment is noise.
   */
  async ofBoth(
    owner: Party,
    asked: Party,
    earlier: readonly RawAnswer[],
    isNoiseWanted: boolean,
  ): Promise<Anew | null> {
    const late = await this.#ask(owner === 'legacy' ? 'candidate' : 'legacy');
    const last = late && (await this.#ask(owner));
    if (!last) return null;
    /** The owner stays on its side, so that what it has gained lacks on the same one. */
    const against = (other: RawAnswer): Answers =>
      owner === 'legacy' ? { legacy: last, candidate: other } : { legacy: other, candidate: last };
    const found = await this.#compare(against(late));
    if (found?.outcome !== 'mismatch') return found && { last, comparison: found, repeat: null };
    const changes: Comparison[] = [];
    for (const one of earlier) {
      const changed = await this.#compare(against(one));
      if (!changed) return null;
      changes.push(changed);
    }
    if (isNoiseWanted) await wait(MOMENT_MS);
    const repeat = isNoiseWanted ? await this.ofOne(asked, owner === asked ? last : late) : null;
    let comparison: Comparison | null = found;
    for (const changed of changes)
      comparison &&= without(comparison, (repeat && without(changed, repeat)) ?? changed);
    return comparison && { last, comparison, repeat };
  }

  /** Lets go of the answers that were kept. */
  release(): void {
    this.#parts.budget.give(this.#keptBytes);
    this.#keptBytes = 0;
  }

  /** An answer as the client would get it: redirects, cookies and prefixes of the two sides then mean the same. */
  asClient({ status, rawHeaders, body }: RawAnswer, party: Party): RawAnswer {
    const headers = clientHeaders([...rawHeaders], answerContext(this.#parts.call, party, null));
    return { status, rawHeaders: headers, body };
  }

  async #ask(party: Party): Promise<RawAnswer | null> {
    const { call, copier, sink, isShadowed } = this.#parts;
    if (!isShadowed()) return null;
    const copied = await copier.send(this.#copyTo(party));
    noteBuild(sink, call, party, copied.rawHeaders);
    if (copied.kind !== 'answer') return null;
    this.#keptBytes += copied.body.length;
    return this.asClient(copied, party);
  }

  async #compare(answers: Answers): Promise<Comparison | null> {
    const found = await this.#parts.comparer.compare(this.#parts.route, answers);
    return typeof found === 'string' || found.outcome === 'too-complex' ? null : found;
  }
}
