import { Presets, SingleBar } from 'cli-progress';

export type Progress = {
  /** `phase` is the table at work, `done` the rows written so far. */
  update(phase: string, done: number): void;
  finish(): void;
};

/** A bar with the time left on a terminal; elsewhere a plain line for every tenth part. */
export function showProgress(total: number, out: NodeJS.WriteStream): Progress {
  if (out.isTTY) {
    const format = 'seeding {bar} {percentage} % | {value}/{total} rows | {phase} | {eta_formatted} left';
    const bar = new SingleBar(
      { format, stream: out, hideCursor: true, etaBuffer: 50 },
      Presets.shades_classic,
    );
    bar.start(total, 0, { phase: '' });
    return {
      update: (phase, done) => bar.update(Math.min(done, total), { phase }),
      finish: () => bar.stop(),
    };
  }
  const started = performance.now();
  let shown = 0;
  return {
    update: (phase, done) => {
      const tenth = total === 0 ? 10 : Math.min(10, Math.floor((done / total) * 10));
      if (tenth <= shown) return;
      shown = tenth;
      const left = Math.round(((performance.now() - started) / 1000 / done) * Math.max(0, total - done));
      out.write(
        `seeding ${tenth * 10} % | ${Math.min(done, total)}/${total} rows | ${phase} | ${left} s left\n`,
      );
    },
    finish: () => {},
  };
}
