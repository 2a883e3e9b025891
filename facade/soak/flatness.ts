const MIB = 1024 * 1024;

/** Memory of one process after a full collection. */
export type MemorySample = {
  readonly pid: number;
  readonly atMs: number;
  readonly heapBytes: number;
  /** Outside the heap: buffers, most of them of requests in flight. */
  readonly bufferBytes: number;
  readonly residentBytes: number;
  /** Timers, sockets and the like that keep the process busy, by type. */
  readonly resources: Readonly<Record<string, number>>;
};

/** What is measured of a process, and how much of it is no leak. */
const FIGURES = {
  heap: {
    of: (sample: MemorySample) => sample.heapBytes,
    /** Compiled code and caches still settle. */
    bound: (bytes: number) => Math.max(2 * MIB, 0.05 * bytes),
  },
  buffers: {
    of: (sample: MemorySample) => sample.bufferBytes,
    bound: (bytes: number) => Math.max(16 * MIB, 0.2 * bytes),
  },
  resident: {
    of: (sample: MemorySample) => sample.residentBytes,
    /** The allocator keeps pages. */
    bound: (bytes: number) => Math.max(32 * MIB, 0.15 * bytes),
  },
} as const;

type Figure = keyof typeof FIGURES;

export type Growth = {
  readonly pid: number;
  readonly figure: Figure;
  /** At the end, as the line through the second half has it. */
  readonly bytes: number;
  /** Of that line, over the second half. */
  readonly grewBytes: number;
  readonly flat: boolean;
};

const FEWEST = 4;

/**
 * How much each process grew over the second half of its samples; `slack` multiplies what is no leak, for a run that is
 * too short to settle. Throws without enough samples.
 */
export function growthOf(samples: readonly MemorySample[], slack = 1): Growth[] {
  const pids = [...new Set(samples.map(({ pid }) => pid))];
  return pids.flatMap((pid) => {
    const own = samples.filter((sample) => sample.pid === pid);
    const half = own.slice(own.length >> 1);
    if (half.length < FEWEST)
      throw new Error(`process ${pid}: expected ${FEWEST} samples in the second half, got ${half.length}`);
    return (Object.keys(FIGURES) as Figure[]).map((figure) => {
      const { of, bound } = FIGURES[figure];
      const { end, rise } = line(half.map((sample) => [sample.atMs, of(sample)]));
      return { pid, figure, bytes: end, grewBytes: rise, flat: rise <= slack * bound(end) };
    });
  });
}

/** The line with the median of all slopes (Theil, Sen): single samples taken in a busy moment do not bend it. */
function line(points: readonly (readonly [at: number, value: number])[]): { end: number; rise: number } {
  const slopes = points.flatMap(([at, value], n) =>
    points.slice(n + 1).flatMap(([later, other]) => (later > at ? (other - value) / (later - at) : [])),
  );
  const slope = slopes.length > 0 ? median(slopes) : 0;
  const [first, last] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
  const end = median(points.map(([at, value]) => value + slope * (last - at)));
  return { end, rise: slope * (last - first) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}
