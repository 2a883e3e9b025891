import { z } from 'zod';
import { type Compared, type DataRelay, RelayAway, type StepOutcome } from '../core/data-relay.ts';

/** A step of the relay waits for writers up to 2 s and for a mark up to 5 s. */
const TIMEOUT_MS = 15_000;
const LOOK_MS = 200;

const direction = z.object({
  capture: z.enum(['installed', 'absent', 'broken']),
  running: z.boolean(),
  waiting: z.number().nullable(),
  lagMs: z.number().nullable(),
  error: z.string().nullable(),
});
const relayedSet = z.object({
  legacy: z.object({ owner: z.enum(['legacy', 'candidate', 'nobody']), epoch: z.number() }).nullable(),
  candidate: z.object({ owner: z.enum(['legacy', 'candidate', 'nobody', 'open']), epoch: z.number() }),
  gate: z.enum(['installed', 'absent', 'broken']),
  missing: z.array(z.string()),
  direction: z.enum(['forward', 'back']),
  forward: direction,
  back: direction,
  quarantined: z.number(),
  oneWay: z.array(z.string()),
  rejected: z.number().nullable(),
  openTransactions: z.array(
    z.object({ id: z.string(), seconds: z.number(), user: z.string(), doing: z.string() }),
  ),
});
const backfill = z.object({ state: z.string() });
const refusal = z.object({ detail: z.string() });
const reconcile = z.object({
  state: z.string(),
  compared: z.number(),
  differences: z.number(),
  error: z.string().nullish(),
});

/** Asks the relay that the plan names. */
export function httpDataRelay(relayUrl: () => string | null, token: string | null): DataRelay {
  const call = async (set: string, path: string, method = 'GET', body?: unknown): Promise<Response> => {
    const url = relayUrl();
    if (url === null) throw new RelayAway('the plan names no relay. Write `relay: { url: … }` in plan.yaml.');
    if (token === null) throw new RelayAway(`the relay at ${url} asks for a token. Set RELAY_TOKEN.`);
    try {
      return await fetch(`${url}/v1/sets/${encodeURIComponent(set)}/${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).name;
      throw new RelayAway(`the relay at ${url} is out of reach (${cause}). Start it.`);
    }
  };
  const read = async <T>(shape: z.ZodType<T>, answer: Response): Promise<T> => {
    const body: unknown = await answer.json().catch(() => null);
    const value = shape.safeParse(body);
    if (answer.ok && value.success) return value.data;
    const said = refusal.safeParse(body);
    throw new RelayAway(
      `the relay answered ${answer.status}${said.success ? `: ${said.data.detail}` : ''}. Read its log.`,
    );
  };
  const step = async (answer: Response): Promise<StepOutcome> => {
    if (answer.status !== 409) {
      await read(z.unknown(), answer);
      return { ok: true };
    }
    const said = refusal.safeParse(await answer.json().catch(() => null));
    return { ok: false, detail: said.success ? said.data.detail : 'the relay refused without a reason.' };
  };
  return {
    status: async (set) => read(relayedSet, await call(set, 'ownership')),
    backfill: async (set) => (await read(backfill, await call(set, 'backfill'))).state,
    install: async (set) => step(await call(set, 'ownership', 'PUT')),
    close: async (set, side, epoch) => step(await call(set, 'ownership/close', 'POST', { side, epoch })),
    prove: async (set, to) => step(await call(set, 'ownership/prove', 'POST', { to })),
    open: async (set, owner, epoch) => step(await call(set, 'ownership/open', 'POST', { owner, epoch })),
    async compare(set, signal): Promise<Compared> {
      const begun = await call(set, 'reconcile', 'POST', {});
      if (begun.status !== 202) await read(reconcile, begun);
      for (;;) {
        if (signal.aborted) throw new RelayAway('the comparison was given up.');
        const { state, compared, differences, error } = await read(reconcile, await call(set, 'reconcile'));
        if (state === 'done')
          return {
            compared,
            differences,
            detail: `${compared} rows compared, ${differences} different`,
          };
        if (state !== 'running')
          throw new RelayAway(`the comparison of both stores ended as ${state}${error ? `: ${error}` : ''}.`);
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    },
  };
}
