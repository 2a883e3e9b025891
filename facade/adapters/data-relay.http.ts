import { z } from 'zod';
import { type Compared, type DataRelay, RelayAway, type StepOutcome } from '../core/data-relay.ts';

/** A step of the relay waits for writers up to 2 s and for a mark up to 5 s. */
const TIMEOUT_MS = 15_000;
const LOOK_MS = 200;

const direction = z.object({
  capture: z.enum(['installed', 'absent', 'broken']),
  doubt: z.string().nullable(),
  drift: z.array(z.string()),
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
  cascades: z.array(z.string()).default([]),
  openTransactions: z.array(
    z.object({ id: z.string(), seconds: z.number(), user: z.string(), doing: z.string() }),
  ),
});
const backfill = z.object({ state: z.string() });
const verified = z.object({
  compared: z.number(),
  different: z.array(z.string()),
  isPartial: z.boolean(),
});
const refusal = z.object({ detail: z.string() });
const reconcile = z.object({
  state: z.string(),
  error: z.string().nullable(),
  startedAt: z.string().nullable(),
  result: z
    .object({ startedAt: z.string(), compared: z.number(), left: z.number(), restless: z.number() })
    .nullable(),
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
    verify: async (set) => read(verified, await call(set, 'ownership/verify', 'POST')),
    prove: async (set, to) => step(await call(set, 'ownership/prove', 'POST', { to })),
    open: async (set, owner, epoch) => step(await call(set, 'ownership/open', 'POST', { owner, epoch })),
    async compare(set, signal): Promise<Compared> {
      const begun = await read(reconcile, await call(set, 'reconcile', 'POST', {}));
      for (;;) {
        if (signal.aborted) throw new RelayAway('the comparison was given up.');
        const { state, error, result } = await read(reconcile, await call(set, 'reconcile'));
        if (state === 'done' && result !== null && result.startedAt === begun.startedAt) {
          const { compared, left, restless } = result;
          const detail = `${compared} rows compared, ${left} different, ${restless} that did not come to rest`;
          return { compared, differences: left, detail };
        }
        if (state !== 'running')
          throw new RelayAway(`the comparison of both stores ended as ${state}${error ? `: ${error}` : ''}.`);
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    },
  };
}
