import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { SoakPart } from './parts.ts';

export type PartResult = { readonly name: string; readonly code: number; readonly seconds: number };

const root = join(import.meta.dirname, '..', '..', '..');

/** Runs parts one after the other, also after one that failed; all get the same flags. A signal ends the running one and skips the others. */
export async function runParts(parts: readonly SoakPart[], flags: readonly string[]): Promise<PartResult[]> {
  const results: PartResult[] = [];
  let interrupted = false;
  for (const part of parts) {
    if (interrupted) break;
    const started = performance.now();
    const child = spawn(process.execPath, [join(root, part.entry), ...flags], {
      cwd: root,
      stdio: 'inherit',
    });
    const stop = () => {
      interrupted = true;
      child.kill('SIGTERM');
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
    const code = await new Promise<number>((resolve) => {
      child.on('error', () => resolve(1));
      child.on('exit', (exitCode) => resolve(exitCode ?? 1));
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    results.push({ name: part.name, code, seconds: (performance.now() - started) / 1000 });
  }
  return results;
}
