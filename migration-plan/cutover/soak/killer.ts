import type { Dice } from './dice.ts';

/** Something that can be killed and started again, or stopped and continued. */
export type Victim = {
  readonly name: string;
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  /** Null for what cannot be stopped as one process. */
  readonly pid: (() => number) | null;
  kill(): Promise<void>;
  /** Until it serves again; rejects when it does not come up. */
  start(): Promise<void>;
};

export type Killed = { readonly kills: Map<string, number>; readonly stops: Map<string, number> };

const START_WITHIN_MS = 90_000;
const MOST_STOPPED_MS = 3_000;

/** Kills and stops what it is given, one after the other, until it is told to end; all of them run then. */
export function startKiller(
  victims: readonly Victim[],
  dice: Dice,
  pauseMs: number,
): { readonly killed: Killed; end(): Promise<void> } {
  const killed: Killed = { kills: new Map(), stops: new Map() };
  const lottery = victims.flatMap((victim) => Array<Victim>(victim.weight).fill(victim));
  let ended = false;
  const hunt = async () => {
    while (!ended) {
      await pause(dice.whole(0, pauseMs));
      const victim = dice.pick(lottery);
      const stopsIt = dice.roll() < 0.3 && victim.pid !== null;
      const counts = stopsIt ? killed.stops : killed.kills;
      counts.set(victim.name, (counts.get(victim.name) ?? 0) + 1);
      if (stopsIt && victim.pid) {
        const pid = victim.pid();
        process.kill(pid, 'SIGSTOP');
        await pause(dice.whole(50, MOST_STOPPED_MS));
        process.kill(pid, 'SIGCONT');
      } else {
        await victim.kill();
        await pause(dice.whole(0, 500));
        await startAgain(victim);
      }
    }
  };
  const hunting = hunt();
  return {
    killed,
    async end() {
      ended = true;
      await hunting;
    },
  };
}

/** What it needs may be down for a moment. */
async function startAgain(victim: Victim): Promise<void> {
  for (const deadline = performance.now() + START_WITHIN_MS; ; ) {
    try {
      return await victim.start();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(250);
    }
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
