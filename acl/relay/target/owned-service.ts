import { z } from 'zod';
import { ServiceProblem } from '../../gateway-kit/error.ts';
import type { HttpCall, HttpClient } from '../../gateway-kit/http-client.ts';
import type { Ownership } from '../ownership/legacy-gate.ts';
import { readAnswer } from './read-answer.ts';

/** As its service says it: `open` as long as nobody governs it. */
export type ServiceOwnership = { readonly owner: Ownership['owner'] | 'open'; readonly epoch: number };

type LastNumber = { readonly prefix: string; readonly last: string };
type QueuedChange = { readonly seq: string; readonly key: string };

/** The service's side of a stream that it may come to own: its gate, and what it wrote since. */
export type OwnedService = {
  readonly url: string;
  owner(): Promise<ServiceOwnership>;
  /** False when writers were in the way for longer than the service waits: nothing has changed. */
  setOwner(
    next: Ownership | ServiceOwnership,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly detail: string }>;
  changes(limit: number): Promise<readonly QueuedChange[]>;
  ack(seqs: readonly string[]): Promise<void>;
  position(): Promise<{
    readonly head: string | null;
    readonly waiting: number;
    readonly oldestMs: number | null;
  }>;
  covers(position: string): Promise<boolean>;
  /** The last number that it has handed out for keys with a prefix; none from a service that tells of none. */
  numbers(): Promise<readonly LastNumber[]>;
  /** It hands out no number up to these any more. */
  skipNumbers(numbers: readonly LastNumber[]): Promise<void>;
  /** Queues an entry that stands for no row and gives its key. */
  marker(): Promise<string>;
};

export const isMarker = (key: string) => key.startsWith('~marker/');

const ownership = z.object({
  owner: z.enum(['open', 'legacy', 'candidate', 'nobody']),
  epoch: z.int().min(0),
});
const queued = z.object({ changes: z.array(z.object({ seq: z.string(), key: z.string() })) });
const position = z.object({
  head: z.string().nullable(),
  waiting: z.int().min(0),
  oldestMs: z.number().nullable(),
});
const covered = z.object({ covered: z.boolean() });
const numbers = z.object({
  numbers: z.array(z.object({ prefix: z.string(), last: z.string().regex(/^\d{1,18}$/) })),
});
const marker = z.object({ key: z.string() });
/** Over HTTP. Throws ServiceUnreachable, ServiceProblem, or AclError on a malformed answer. */
export function httpOwnedService(client: HttpClient, stream: string): OwnedService {
  const base = `/.fig/sync/${encodeURIComponent(stream)}`;
  const ask = async <T>(shape: z.ZodType<T>, call: HttpCall): Promise<T> =>
    readAnswer(shape, await client.expect(call), client.url);
  return {
    url: client.url,
    owner: () => ask(ownership, { method: 'GET', path: `${base}/owner` }),
    async setOwner(next) {
      try {
        const now = await ask(ownership, { method: 'PUT', path: `${base}/owner`, json: next });
        if (now.owner === next.owner && now.epoch === next.epoch) return { ok: true };
        return { ok: false, detail: `${client.url} says ${now.owner} in epoch ${now.epoch}` };
      } catch (error) {
        if (!(error instanceof ServiceProblem) || error.status !== 409) throw error;
        return { ok: false, detail: error.detail };
      }
    },
    changes: async (limit) =>
      (await ask(queued, { method: 'GET', path: `${base}/changes?limit=${limit}` })).changes,
    async ack(seqs) {
      if (seqs.length > 0)
        await client.expect({ method: 'POST', path: `${base}/changes/ack`, json: { seqs } });
    },
    position: () => ask(position, { method: 'GET', path: `${base}/changes/position` }),
    covers: async (at) =>
      (
        await ask(covered, {
          method: 'GET',
          path: `${base}/changes/covers?position=${encodeURIComponent(at)}`,
        })
      ).covered,
    async numbers() {
      try {
        return (await ask(numbers, { method: 'GET', path: `${base}/numbers` })).numbers;
      } catch (error) {
        // One that knows no such path numbers nothing.
        if (error instanceof ServiceProblem && error.status === 404) return [];
        throw error;
      }
    },
    async skipNumbers(list) {
      await ask(numbers, { method: 'PUT', path: `${base}/numbers`, json: { numbers: list } });
    },
    marker: async () => (await ask(marker, { method: 'POST', path: `${base}/changes/marker` })).key,
  };
}
