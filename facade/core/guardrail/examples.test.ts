// The examples of facade/GUARDRAILS.md, computed anew.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { beatsNoise } from '../noise/beats-noise.ts';
import { Figures } from './figures.ts';
import { judge } from './judge.ts';
import { inPercent, rounded } from './number-words.ts';
import { Tally } from './tally.ts';

const page = readFileSync(new URL('../../GUARDRAILS.md', import.meta.url), 'utf8');
const SINCE = Date.UTC(2026, 0, 1);
const off = {
  minimum: 200,
  windowMs: 300_000,
  bakeMs: 0,
  onBreach: 'rollback',
  mismatch: null,
  errors: null,
  p99: null,
} as const;

const guardrails = {
  mismatch: { ...off, mismatch: { maxRatio: 0.001 } },
  errors: { ...off, errors: { maxIncreaseRatio: 0.005 } },
  p99: { ...off, p99: { maxRatio: 1.2 } },
};
const figure = {
  mismatch: inPercent,
  errors: (ratio: number) => rounded(ratio * 100),
  p99: rounded,
};

/** `2 of 3,000` and the like: the whole numbers of a cell. */
const numbers = (cell: string) =>
  [...cell.matchAll(/[\d,.]+/g)].map(([text]) => Number(text.replaceAll(',', '')));

const read = {
  mismatch: (cell: string) => {
    const figures = new Figures();
    const [hits, trials] = numbers(cell);
    Object.assign(figures.compared, { hits, trials });
    return figures;
  },
  errors: (cell: string) => {
    const figures = new Figures();
    const [ours, all, theirs, legacy] = numbers(cell);
    Object.assign(figures.answered.candidate, { hits: ours, trials: all });
    Object.assign(figures.answered.legacy, { hits: theirs, trials: legacy });
    return figures;
  },
  p99: (cell: string) => {
    const figures = new Figures();
    const [each, times] = numbers(cell) as [number, number];
    for (let at = 0; at < each; at++) {
      const ms = 20 + (20 * at) / each;
      figures.latency.legacy.record(ms);
      figures.latency.candidate.record(times * ms);
    }
    return figures;
  },
};

function rowsUnder(heading: string): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(1).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function judged(name: keyof typeof guardrails, figures: Figures) {
  const tally = new Tally({ sinceMs: SINCE, stage: 'shadow', build: null, hash: '' }, off.windowMs);
  tally.add(figures, SINCE);
  return judge(tally, guardrails[name], SINCE + 60_000);
}

describe('facade/GUARDRAILS.md', () => {
  it.each(['mismatch', 'errors', 'p99'] as const)('its examples of %s are what the code computes', (name) => {
    const rows = rowsUnder(name);
    expect(rows.length).toBeGreaterThan(4);
    for (const [sample, ...cells] of rows) {
      const [found] = judged(name, read[name](sample!)).guardrails;
      const [low, high] = found!.interval.map((bound) => (bound === null ? 'open' : figure[name](bound)));
      expect([sample, ...cells]).toEqual([
        sample,
        figure[name](found!.value!),
        `${low} to ${high}`,
        found!.verdict,
        found!.missing ? rounded(found!.missing.samples) : '',
      ]);
    }
  });

  it('its examples of noise are what the code decides', () => {
    const rows = rowsUnder('Noise');
    expect(rows).toHaveLength(7);
    for (const [candidate, legacy, verdict] of rows) {
      const [c, r] = [candidate!, legacy!].map((cell) => {
        const [seen, of] = numbers(cell) as [number, number];
        return { seen, of };
      });
      expect([candidate, legacy, beatsNoise(c!, r!) ? 'counts' : 'noise']).toEqual([
        candidate,
        legacy,
        verdict,
      ]);
    }
  });

  it('its evidence is what the code answers', () => {
    const example = JSON.parse(/```json\n([^`]+)```/.exec(page)![1]!);
    expect(judged('mismatch', read.mismatch('0 of 3,000'))).toEqual(example);
  });
});
