import { beforeEach, expect, test } from '@jest/globals';
import pino from 'pino';
import { RELEASE_FAILPOINTS } from '../failpoint.ts';
import type { Tail } from '../tail/tail.ts';
import type { OwnedService, ServiceOwnership } from '../target/owned-service.ts';
import type { LegacyGate, Ownership } from './legacy-gate.ts';
import { type Outcome, SetOwnership } from './set-ownership.ts';
import { Verification } from './verification.ts';

/** Two stores whose owner rows are kept in memory, and survive each relay. */
let gate: Ownership;
let service: ServiceOwnership;
/** A change that waits in the database although whoever sent it is gone. */
let onItsWay: Ownership | null;
beforeEach(() => {
  gate = { owner: 'legacy', epoch: 1 };
  service = { owner: 'legacy', epoch: 1 };
  onItsWay = null;
  queued = 0;
  captured = true;
  counted = [];
  numbers = { ok: true };
});

let queued: number;
/** Which side was given the other's numbers, and what that ended in. */
let counted: string[];
let numbers: Outcome;
let captured: boolean;
const tail = {
  start: async () => {},
  stop: async () => {},
  remove: async () => {
    captured = false;
  },
  status: async () => ({ capture: 'installed', missing: [] }),
} as unknown as Tail;

/** A relay process that has just started, and dies at `failpoint`. */
function relay(dieAt: string | null = null): SetOwnership {
  const write = (next: Ownership) => {
    if (next.epoch > gate.epoch) gate = next;
    return { ok: true as const, ownership: gate };
  };
  const settle = () => {
    if (onItsWay) write(onItsWay);
    onItsWay = null;
  };
  return new SetOwnership({
    ...{ set: 'items', forward: tail, back: tail, oneWay: [], log: pino({ level: 'silent' }) },
    ...{
      carryBack: async () => {
        queued = 0;
      },
      continueNumbers: async (to) => {
        counted.push(to);
        return numbers;
      },
      quarantined: () => [],
      quarantinedBack: () => [],
      failpoint: (name: string) => {
        if (name === dieAt) throw new Error(`dead at ${name}`);
      },
    },
    verification: new Verification(async () => []),
    writer: {} as never,
    gate: {
      read: async () => gate,
      async settled() {
        settle();
        return gate;
      },
      async write(next) {
        settle();
        return write(next);
      },
    } as Partial<LegacyGate> as LegacyGate,
    service: {
      owner: async () => service,
      position: async () => ({ head: null, waiting: queued, oldestMs: null }),
      async setOwner(next) {
        if (next.epoch < service.epoch) return { ok: false, detail: 'a later change came first' };
        service = next;
        return { ok: true };
      },
    } as Partial<OwnedService> as OwnedService,
  });
}

test('a step may be taken again, there and back', async () => {
  const one = relay();
  for (const take of [
    () => one.close('legacy', 2),
    () => one.open('candidate', 3),
    () => one.close('candidate', 4),
    () => one.open('legacy', 5),
    () => one.close('legacy', 6),
  ]) {
    expect(await take()).toEqual({ ok: true });
    expect(await take()).toEqual({ ok: true });
  }
  expect([gate, service]).toEqual([
    { owner: 'nobody', epoch: 6 },
    { owner: 'legacy', epoch: 5 },
  ]);
});

test('who closes late, in an epoch that is over, closes nothing, whichever process is asked', async () => {
  // Taken back before anything was closed: legacy went on all the time.
  expect(await relay().open('legacy', 3)).toEqual({ ok: true });
  expect(await relay().close('legacy', 2)).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/over/),
  });
  expect(gate.owner).toBe('legacy');
  expect(await relay().close('legacy', 4)).toEqual({ ok: true });
  expect(await relay().open('candidate', 5)).toEqual({ ok: true });
  expect(await relay().close('candidate', 4)).toMatchObject({ ok: false });
  expect(service).toEqual({ owner: 'candidate', epoch: 5 });
});

test('a side that is to write numbers on from the other one, or it is not proven', async () => {
  expect(await relay().prove('legacy')).toEqual({ ok: true });
  expect(counted).toEqual(['legacy']);
  numbers = { ok: false, detail: 'the counter cannot be raised' };
  expect(await relay().prove('legacy')).toEqual(numbers);
});

test('what a killed process has sent to the gate is waited for before legacy is said to be open', async () => {
  onItsWay = { owner: 'nobody', epoch: 2 };
  expect(await relay().open('legacy', 3)).toEqual({ ok: true });
  expect(gate).toEqual({ owner: 'legacy', epoch: 3 });
});

test.each(RELEASE_FAILPOINTS)(
  'the way back is ended by the next relay, where one died at %s',
  async (place) => {
    gate = { owner: 'candidate', epoch: 3 };
    service = { owner: 'candidate', epoch: 3 };
    queued = 2;
    await expect(relay(place).release()).rejects.toThrow(place);
    expect(captured).toBe(true);
    const one = relay();
    for (let n = 0; n < 2; n += 1) expect(await one.release()).toEqual({ ok: true });
    expect([service, gate, queued, captured]).toEqual([
      { owner: 'open', epoch: 3 },
      { owner: 'candidate', epoch: 3 },
      ...[0, false],
    ]);
  },
);

test('the way back is not ended where the new service does not own the set', async () => {
  expect(await relay().release()).toMatchObject({ ok: false, detail: expect.stringContaining('got legacy') });
  expect(captured).toBe(true);
});
