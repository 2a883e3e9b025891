import { type Question, questions } from './legacy-questions.ts';
import type { Monolith } from './monolith-process.ts';

export type Answered = {
  readonly name: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  /** What was not answered with 200. */
  readonly failures: readonly string[];
};

const WARM_UP = 2;

/** Asks each question about `timesheets` timesheets `times` times, one after the other, and keeps the time. */
export async function askAll(
  monolith: Monolith,
  { times, timesheets }: { times: number; timesheets: number },
  say: (line: string) => void,
): Promise<Answered[]> {
  const answered: Answered[] = [];
  for (const question of questions) {
    say(question.name);
    answered.push(await ask(monolith, question, { times, timesheets }));
  }
  return answered;
}

async function ask(
  { url, cookie }: Monolith,
  { name, path }: Question,
  { times, timesheets }: { times: number; timesheets: number },
): Promise<Answered> {
  const took: number[] = [];
  const failures: string[] = [];
  for (let n = -WARM_UP; n < times; n++) {
    const at = path(Math.max(0, n), timesheets);
    const started = performance.now();
    const res = await fetch(url + at, { headers: { cookie } });
    const text = await res.text();
    if (n >= 0) took.push(performance.now() - started);
    if (res.status !== 200) failures.push(`${at}: ${res.status} ${text.slice(0, 100)}`);
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(share * took.length))]!;
  return { name, p50Ms: at(0.5), p95Ms: at(0.95), maxMs: took.at(-1)!, failures };
}
