import type { Party } from '../party.ts';
import { type HistogramJson, LatencyHistogram } from './latency-histogram.ts';
import type { Count } from './wealth.ts';

export type FiguresJson = {
  /** `doubtful` and `uncompared` are absent in what an earlier version kept. */
  readonly compared: Count & { readonly doubtful?: number; readonly uncompared?: number };
  readonly answered: Readonly<Record<Party, Count>>;
  readonly latency: Readonly<Record<Party, HistogramJson>>;
};

type Counter = { hits: number; trials: number };

/** What was seen of a route over one stretch of time. Two merge by addition, in any order. */
export class Figures {
  /** Comparisons; a hit is a mismatch, a doubtful one may be. `uncompared`: pairs of answers that nobody could compare. */
  readonly compared: Counter & { doubtful: number; uncompared: number } = {
    ...{ hits: 0, trials: 0, doubtful: 0, uncompared: 0 },
  };
  /** Answers to clients and to shadow copies; a hit is an error. */
  readonly answered: Readonly<Record<Party, Counter>> = {
    legacy: { hits: 0, trials: 0 },
    candidate: { hits: 0, trials: 0 },
  };
  readonly latency: Readonly<Record<Party, LatencyHistogram>> = {
    legacy: new LatencyHistogram(),
    candidate: new LatencyHistogram(),
  };

  merge(other: Figures): this {
    add(this.compared, other.compared);
    this.compared.doubtful += other.compared.doubtful;
    this.compared.uncompared += other.compared.uncompared;
    for (const party of ['legacy', 'candidate'] as const) {
      add(this.answered[party], other.answered[party]);
      this.latency[party].merge(other.latency[party]);
    }
    return this;
  }

  toJSON(): FiguresJson {
    const { legacy, candidate } = this.latency;
    return {
      compared: this.compared,
      answered: this.answered,
      latency: { legacy: legacy.toJSON(), candidate: candidate.toJSON() },
    };
  }

  static from(json: FiguresJson): Figures {
    const figures = new Figures();
    add(figures.compared, json.compared);
    figures.compared.doubtful += json.compared.doubtful ?? 0;
    figures.compared.uncompared += json.compared.uncompared ?? 0;
    for (const party of ['legacy', 'candidate'] as const) {
      add(figures.answered[party], json.answered[party]);
      figures.latency[party].merge(LatencyHistogram.from(json.latency[party]));
    }
    return figures;
  }
}

function add(to: Counter, { hits, trials }: Count): void {
  to.hits += hits;
  to.trials += trials;
}
