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
import { namedBuild } from './named-build.ts';
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

type Answers = { readonly [party in Party]: RawAnswer };

/** What differs between both sides asked anew, and what of it is noise; null: nobody looked for that. */
export type Anew = { readonly comparison: Comparison; readonly repeat: Comparison | null };

/** Two answers of one millisecond tell the same time. */
const MOMENT_MS = 10;

/** Further asks of one request that has been answered and copied. */
export class Repeats {
  readonly #parts: RepeatsParts;
  readonly #copyTo: (party: Party) => Copy;

  constructor(parts: RepeatsParts, copyTo: (party: Party) => Copy) {
    this.#parts = parts;
    this.#copyTo = copyTo;
  }

  /** What one side says to the same request, against what it said; null when it could not be asked. */
  async ofOne(party: Party, said: RawAnswer): Promise<Comparison | null> {
    const again = await this.#ask(party);
    if (!again) return null;
    const found = await this.#compare({ legacy: said, candidate: again });
    this.#parts.budget.give(again.body.length);
    return found;
  }

  /**
   * Both sides anew, once all that was written before is at both of them; null when they could not be asked. The owner of
   * the data comes last: what it says otherwise than at first has changed meanwhile, and is left out. `isNoiseWanted`:
   * the side that answered is then asked once more, and what it says otherwise within a moment is noise.
   */
  async ofBoth(owner: Party, asked: Party, said: Answers, isNoiseWanted: boolean): Promise<Anew | null> {
    const { budget } = this.#parts;
    const other = owner === 'legacy' ? 'candidate' : 'legacy';
    const late = await this.#ask(other);
    const last = late && (await this.#ask(owner));
    try {
      if (!late || !last) return null;
      const anew = owner === 'legacy' ? { legacy: last, candidate: late } : { legacy: late, candidate: last };
      const found = await this.#compare(anew);
      if (found?.outcome !== 'mismatch') return found && { comparison: found, repeat: null };
      const changed = await this.#compare({ legacy: said[owner], candidate: last });
      if (!changed) return null;
      if (isNoiseWanted) await wait(MOMENT_MS);
      const repeat = isNoiseWanted ? await this.ofOne(asked, anew[asked]) : null;
      return { comparison: without(found, repeat ? without(changed, repeat) : changed), repeat };
    } finally {
      for (const answer of [late, last]) if (answer) budget.give(answer.body.length);
    }
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
    const build = namedBuild(call, party, copied.rawHeaders);
    if (build !== null) sink.named(build);
    return copied.kind === 'answer' ? this.asClient(copied, party) : null;
  }

  async #compare(answers: Answers): Promise<Comparison | null> {
    const found = await this.#parts.comparer.compare(this.#parts.route, answers);
    return typeof found === 'string' || found.outcome === 'too-complex' ? null : found;
  }
}
