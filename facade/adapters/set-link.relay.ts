import { Agent, request } from 'undici';
import { z } from 'zod';
import type { SetLink } from '../core/fence/set-link.ts';

const position = z.object({
  head: z
    .string()
    .regex(/^\d{1,18}$/)
    .nullable(),
  lagMs: z.number().min(0).nullable(),
  carriedMs: z.number().min(0).nullish(),
});
const coverage = z.object({ covered: z.boolean() });

/** A relay that says nothing for so long is asked anew. */
const TIMEOUT_MS = 2_000;

/** Asks the relay that the plan names how far its sets have come. Rejects with one line. */
export function relaySetLink(relayUrl: () => string | null, token: string | null): SetLink {
  // Connections of its own: neither clients nor upstreams can take them.
  const dispatcher = new Agent({ connections: 4, connectTimeout: TIMEOUT_MS });
  async function ask<T>(set: string, path: string, schema: z.ZodType<T>): Promise<T> {
    const url = relayUrl();
    if (url === null) throw new Error('the plan names no relay');
    if (token === null) throw new Error('RELAY_TOKEN is not set, so the relay cannot be asked');
    const { statusCode, body } = await request(`${url}/v1/sets/${encodeURIComponent(set)}/${path}`, {
      dispatcher,
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: NodeJS.ErrnoException) => {
      // The code of a timeout is a number.
      const cause = typeof error.code === 'string' ? error.code : error.name;
      throw new Error(`the relay at ${url} is out of reach (${cause})`);
    });
    const read = schema.safeParse(await body.json().catch(() => null));
    if (statusCode !== 200 || !read.success) throw new Error(`the relay at ${url} answered ${statusCode}`);
    return read.data;
  }
  return {
    position: (set) => ask(set, 'position', position),
    covers: async (set, at) => (await ask(set, `covers?position=${at}`, coverage)).covered,
  };
}
