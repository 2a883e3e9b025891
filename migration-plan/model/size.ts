import { type Reading, read, refuse } from './reading.ts';

const BYTES_PER_UNIT = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
} as const;

export const SIZE_PATTERN = '(0|\\d+(\\.\\d+)?(B|KiB|MiB|GiB|kB|MB|GB))';

/** Reads `512B`, `16KiB`, `1MiB`, `1.5GiB`, `10MB` (or a bare `0`) into bytes. */
export function parseSize(text: unknown): Reading<number> {
  const refusal = refuse('a size (a number and B, KiB, MiB, GiB, kB, MB or GB)', '1MiB');
  if (text === 0 || text === '0') return read(0);
  if (typeof text !== 'string') return refusal;
  const found = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|kB|MB|GB)$/.exec(text);
  if (!found) return refusal;
  const bytes = Number(found[1]) * BYTES_PER_UNIT[found[2] as keyof typeof BYTES_PER_UNIT];
  if (!Number.isSafeInteger(bytes)) return refuse('a size in whole bytes', '1536B');
  return read(bytes);
}

/** Writes bytes in the largest binary unit that needs no fraction: 16384 is `16KiB`. */
export function formatSize(bytes: number): string {
  if (bytes === 0) return '0';
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    if (bytes % BYTES_PER_UNIT[unit] === 0) return `${bytes / BYTES_PER_UNIT[unit]}${unit}`;
  }
  return `${bytes}B`;
}
