import { type Answer, ask, isRefused } from './ask.ts';
import type { Dice } from './dice.ts';
import type { Outcome, Write, WriteBook } from './write-book.ts';

export type ClientsOptions = {
  /** Where the replicas of the facade are. */
  readonly urls: () => readonly string[];
  readonly cookie: string;
  readonly book: WriteBook;
  readonly dice: Dice;
  readonly clients: number;
  /** Rows that everybody writes to; none: each client to its own. */
  readonly hotKeys: readonly number[];
  readonly pauseMs: number;
};

const LIST = '/api/freelancers';
/** Own rows that a client keeps before it removes the oldest. */
const MOST_OWN = 6;
const FAILED_MS = 150;

/** Clients of the monolith's contract that create, change and remove freelancers through the facade. */
export function startClients(options: ClientsOptions): { stop(): Promise<void> } {
  let stopped = false;
  const client = async (n: number) => {
    const { dice, book, hotKeys, pauseMs } = options;
    const own: number[] = [];
    for (let round = 0; !stopped; round += 1) {
      let isDone = false;
      const token = `c${n}-${round}-${dice.whole(0, 1e9).toString(36)}`;
      const body = { frl_name: `Soak, Client ${n}`, rate_ct: dice.whole(1, 90_000), notes: token };
      const what = dice.roll();
      if (what < 0.12 || (own.length === 0 && (what < 0.5 || hotKeys.length === 0))) {
        const write = book.begin('create', token, null);
        const answer = await send(options, write, 'POST', LIST, body);
        if (answer) own.push(Number(answer.json.frl_id));
        isDone = answer !== null;
      } else if (what < 0.2 && own.length > MOST_OWN) {
        const key = own.shift() as number;
        isDone = (await send(options, book.begin('remove', '', key), 'DELETE', `${LIST}/${key}`)) !== null;
      } else {
        const isHot = hotKeys.length > 0 && (what < 0.65 || own.length === 0);
        const key = dice.pick(isHot ? hotKeys : own);
        const write = book.begin('update', token, key);
        isDone = (await send(options, write, 'PUT', `${LIST}/${key}`, body)) !== null;
      }
      // Where something is down, asking again at once only keeps it from coming up.
      await new Promise((resolve) => setTimeout(resolve, isDone ? pauseMs : FAILED_MS));
    }
  };
  const all = Array.from({ length: options.clients }, (_, n) => client(n));
  return {
    async stop() {
      stopped = true;
      await Promise.all(all);
    },
  };
}

/** Gives the answer of a write that was acknowledged. */
async function send(
  { urls, cookie, book, dice }: ClientsOptions,
  write: Write,
  method: string,
  path: string,
  body?: object,
): Promise<Answer | null> {
  try {
    const answer = await ask(dice.pick(urls()) + path, method, { cookie }, body);
    const outcome = outcomeOf(answer);
    book.answered(
      answer.status < 300 ? 'done' : `${answer.status} ${answer.json.code ?? answer.json.error ?? ''}`.trim(),
    );
    if (outcome === 'acked' && write.kind === 'create' && !Number.isInteger(answer.json.frl_id))
      book.faults.push(`POST was answered ${answer.status} without a number: ${JSON.stringify(answer.json)}`);
    const key = outcome === 'acked' && write.kind === 'create' ? Number(answer.json.frl_id) : write.key;
    book.end(write, outcome, key);
    return outcome === 'acked' ? answer : null;
  } catch (error) {
    book.answered(isRefused(error) ? 'nobody listened' : 'cut off');
    book.end(write, isRefused(error) ? 'rejected' : 'unknown');
    return null;
  }
}

/** 503 of the facade itself is told before anything was sent on; other 5xx may come behind an effect. */
function outcomeOf({ status, json }: Answer): Outcome {
  if (status < 300) return 'acked';
  if (status < 500) return 'rejected';
  return status === 503 && String(json.code).startsWith('FENCE_') ? 'rejected' : 'unknown';
}
