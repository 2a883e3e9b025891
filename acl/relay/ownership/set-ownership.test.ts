import { beforeEach, expect, test } from '@jest/globals';
import pino from 'pino';
import type { Tail } from '../tail/tail.ts';
import type { OwnedService, ServiceOwnership } from '../target/owned-service.ts';
import type { LegacyGate, Ownership } from './legacy-gate.ts';
import { SetOwnership } from './set-ownership.ts';
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
});

const tail = { start: async () => {}, stop: async () => {} } as unknown as Tail;

/** A relay process that has just started. */
function relay(): SetOwnership {
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
      carryBack: async () => {},
      continueNumbers: async () => {},
      quarantined: () => [],
      quarantinedBack: () => [],
      failpoint: () => {},
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

test('what a killed process has sent to the gate is waited for before legacy is said to be open', async () => {
  onItsWay = { owner: 'nobody', epoch: 2 };
  expect(await relay().open('legacy', 3)).toEqual({ ok: true });
  expect(gate).toEqual({ owner: 'legacy', epoch: 3 });
});
