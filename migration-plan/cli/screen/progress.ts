import { Presets, SingleBar } from 'cli-progress';
import type { Session } from '../session.ts';

export type Progress = {
  readonly done: number;
  readonly total: number | null;
  readonly perSecond: number | null;
  readonly etaSeconds: number | null;
};

/** Shows how far long work has come: a bar in a terminal, otherwise a plain line whenever another tenth is done. */
export type ProgressView = { update(progress: Progress): void; stop(): void };

/** `what` is counted: `rows`. */
export function progressView(session: Session, label: string, what = 'rows'): ProgressView {
  if (session.json) return { update: () => {}, stop: () => {} };
  const { stderr } = session.streams;
  return stderr.isTTY ? barView(session, label, what) : lineView(session, label, what);
}

function barView({ streams, env }: Session, label: string, what: string): ProgressView {
  const bar = new SingleBar(
    {
      stream: streams.stderr,
      format: `${label} [{bar}] {percentage}% {value}/{total} ${what}, {rate} ${what}/s, {left}`,
      hideCursor: true,
      clearOnComplete: false,
      barsize: 24,
      autopadding: true,
    },
    env.TERM === 'dumb' ? Presets.legacy : Presets.shades_classic,
  );
  let running = false;
  return {
    update: (progress) => {
      if (isUnknown(progress)) return;
      const total = Math.max(progress.total ?? progress.done, progress.done, 1);
      const payload = { rate: rateOf(progress), left: leftOf(progress) };
      if (!running) {
        bar.start(total, progress.done, payload);
        running = true;
        return;
      }
      bar.setTotal(total);
      bar.update(progress.done, payload);
    },
    stop: () => {
      if (running) bar.stop();
      running = false;
    },
  };
}

function lineView(session: Session, label: string, what: string): ProgressView {
  let shown = -1;
  return {
    update: (progress) => {
      if (isUnknown(progress)) return;
      const tenth = progress.total ? Math.floor((10 * progress.done) / progress.total) : 0;
      if (tenth === shown) return;
      shown = tenth;
      session.note(
        `${label}: ${progress.done} of ${progress.total ?? '?'} ${what}, ${rateOf(progress)} ${what}/s, ${leftOf(progress)}`,
      );
    },
    stop: () => {},
  };
}

/** Work that has only just begun does not know its size yet: `0 of 0` would look like the end. */
function isUnknown({ done, total }: Progress): boolean {
  return done === 0 && !total;
}

function rateOf(progress: Progress): string {
  return progress.perSecond === null ? '-' : String(Math.round(progress.perSecond));
}

function leftOf({ done, total, etaSeconds }: Progress): string {
  if (total !== null && total > 0 && done >= total) return 'all read';
  return etaSeconds === null ? 'time left unknown' : `${formatSeconds(etaSeconds)} left`;
}

/** `45s`, `3m 20s`, `2h 5m`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  return `${Math.floor(whole / 3600)}h ${Math.floor((whole % 3600) / 60)}m`;
}
