import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pino from 'pino';
import type { DataSet } from '#plan/model/plan.ts';
import { openMemoryLedger } from '../../adapters/ledger.memory.ts';
import { type DataRelay, RelayAway, type RelayedSet, type StepOutcome } from '../../core/data-relay.ts';
import type { Instance } from '../../core/instances.ts';
import type { Ledger } from '../../core/ledger.ts';
import { controlOf } from '../../test-kit/control-of.ts';
import { routeOf } from '../../test-kit/plan-of.ts';
import { until } from '../../test-kit/until.ts';
import type { Control } from '../control.ts';
import { Cutover, type CutoverOptions } from './cutover.ts';

const SET: DataSet = {
  ...{ name: 'items', file: 'data/items.yaml', translator: 'items.ts', maxLagMs: 5_000 },
  ...{ service: { url: 'http://127.0.0.1:9', stream: 'items' }, tables: [{ name: 'items', key: 'id' }] },
  ...{ routes: ['owned'], requests: [], jobs: [] },
};
const plan = {
  routes: [routeOf('owned', ['GET /owned', 'POST /owned'], { data: { kind: 'owned', set: 'items' } })],
  dataSets: new Map([['items', SET]]),
};
const AUTHOR = { actor: 'test', reason: 'a test' };

/** A relay that keeps what it is told, and says what a test wants it to. */
class FakeRelay implements DataRelay {
  readonly told: string[] = [];
  legacy: RelayedSet['legacy'] = null;
  candidate: RelayedSet['candidate'] = { owner: 'open', epoch: 0 };
  /** What waits to be carried over, one look after the other; the last one stays. */
  waiting: number[] = [0];
  quarantined = 0;
  doubt: string | null = null;
  drift: string[] = [];
  differences = 0;
  verified = { compared: 3, different: [] as string[], isPartial: false };
  refuses: Readonly<Record<string, string>> = {};
  away = false;
  comparing: Promise<void> = Promise.resolve();

  async status(): Promise<RelayedSet> {
    this.#reach();
    const waiting = this.waiting.length > 1 ? (this.waiting.shift() as number) : (this.waiting[0] as number);
    const { doubt, drift } = this;
    const fine = { capture: 'installed', running: true, lagMs: 0, error: null } as const;
    const line = { ...fine, doubt, drift, waiting };
    const { legacy, candidate, quarantined } = this;
    const direction = legacy?.owner === 'candidate' ? 'back' : 'forward';
    return {
      ...{
        legacy,
        candidate,
        quarantined,
        direction,
        gate: 'installed',
        missing: [],
        oneWay: [],
        cascades: [],
        rejected: 0,
      },
      ...{ forward: line, back: line, openTransactions: [] },
    };
  }
  async backfill(): Promise<string> {
    return 'done';
  }
  async install(): Promise<StepOutcome> {
    this.legacy ??= { owner: 'legacy', epoch: 1 };
    return this.#told('install');
  }
  async close(_set: string, side: 'legacy' | 'candidate', epoch: number): Promise<StepOutcome> {
    const outcome = this.#told('close', `${side} ${epoch}`);
    if (outcome.ok && side === 'legacy') this.legacy = { owner: 'nobody', epoch };
    if (outcome.ok && side === 'candidate') this.candidate = { owner: 'nobody', epoch };
    return outcome;
  }
  async verify() {
    this.#told('verify');
    return this.verified;
  }
  async prove(_set: string, to: string): Promise<StepOutcome> {
    return this.#told('prove', to);
  }
  async open(_set: string, owner: 'legacy' | 'candidate', epoch: number): Promise<StepOutcome> {
    const outcome = this.#told('open', `${owner} ${epoch}`);
    if (outcome.ok) this.legacy = this.candidate = { owner, epoch };
    return outcome;
  }
  async compare(_set: string, signal: AbortSignal) {
    this.#told('compare');
    const gone = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(new RelayAway('given up'))),
    );
    await Promise.race([this.comparing, gone]);
    return { compared: 10, differences: this.differences, detail: '10 rows compared' };
  }

  #told(what: string, more = ''): StepOutcome {
    this.#reach();
    this.told.push(`${what} ${more}`.trim());
    const detail = this.refuses[what];
    return detail === undefined ? { ok: true } : { ok: false, detail };
  }
  #reach(): void {
    if (this.away) throw new RelayAway('the relay is out of reach');
  }
}

describe('a change of owners', () => {
  let ledger: Ledger;
  let control: Control;
  let relay: FakeRelay;
  let instances: Instance[];
  let pending: string[];
  const open: Cutover[] = [];
  beforeEach(async () => {
    ledger = openMemoryLedger();
    control = await controlOf(ledger, plan);
    relay = new FakeRelay();
    instances = [];
    pending = [];
    const to = { stage: 'candidate', hundredths: 0 } as const;
    await control.transition('owned', to, { ...AUTHOR, expectedVersion: 0, force: true });
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.stop();
  });
  const cutover = (part: Partial<CutoverOptions> = {}, id = 'a:1') => {
    const one = new Cutover({
      control,
      replicas: {
        id,
        get known() {
          return instances;
        },
        applied: async () => pending,
        beat: async () => {},
      },
      relay,
      writersOutside: () => [],
      log: pino({ level: 'silent' }),
      now: () => new Date(),
      drainMs: 300,
      ...part,
    });
    open.push(one);
    return one;
  };
  const ended = (one: Cutover) =>
    until('its end', () => {
      const run = one.runOf('items');
      return run?.endedAt ? run : null;
    });
  const run = async (to: 'legacy' | 'candidate' = 'candidate', one = cutover()) => {
    expect(await one.begin(SET, to, AUTHOR)).toMatchObject({ ok: true });
    return ended(one);
  };
  const writer = () => control.snapshot.states.get('owned')?.position;
  const steps = async () =>
    (await ledger.read({ after: 0, limit: 100 })).flatMap(({ data }) =>
      data ? [`${data.step} ${data.owner} ${data.epoch}${data.held ? ' held' : ''}`] : [],
    );
  const expectBack = async (detail: RegExp) => {
    const one = await run();
    expect(one.outcome).toBe('back');
    expect(one.detail).toMatch(detail);
    expect(control.dataOf('items')).toMatchObject({ owner: 'legacy', held: false, to: null });
    expect(writer()).toMatchObject({ writer: 'legacy', held: false });
    return one;
  };

  test('takes its steps in order, each in the ledger before the next, and back', async () => {
    expect(await run()).toMatchObject({ outcome: 'done', pauseMs: expect.any(Number) });
    expect(relay.told.filter((what, n) => what !== 'verify' || relay.told[n - 1] !== 'verify')).toEqual([
      ...['install', 'compare', 'verify', 'close legacy 2', 'verify', 'prove candidate', 'open candidate 3'],
    ]);
    const there = [
      ...['TAILING legacy 0', 'VERIFIED legacy 0', 'FENCING legacy 0 held', 'DRAINING legacy 0 held'],
      ...['PREPARED legacy 0 held', 'JOURNALED candidate 3 held', 'CANDIDATE_OWNS candidate 3'],
    ];
    expect(await steps()).toEqual(there);
    expect(writer()).toMatchObject({ writer: 'candidate', epoch: 3, held: false });
    relay.told.length = 0;
    expect(await run('legacy')).toMatchObject({ outcome: 'done' });
    expect(relay.told).toEqual(
      expect.arrayContaining(['close candidate 4', 'prove legacy', 'open legacy 5']),
    );
    expect((await steps()).slice(there.length)).toEqual([
      ...[
        'TAILING candidate 3',
        'VERIFIED candidate 3',
        'FENCING candidate 3 held',
        'DRAINING candidate 3 held',
      ],
      ...['PREPARED candidate 3 held', 'JOURNALED legacy 5 held', 'LEGACY_OWNS legacy 5'],
    ]);
  });

  test('waits for what is still to be carried over, and goes back when that takes too long', async () => {
    relay.waiting = [0, 0, 3, 2, 1, 0];
    const before = relay.waiting.length;
    expect(await run()).toMatchObject({ outcome: 'done' });
    expect(relay.waiting.length).toBeLessThan(before);
    await run('legacy');
    // Nothing waits when it begins, and then it does.
    relay.waiting = [0, 0, 7];
    await expectBack(/7 changes still wait/);
  });

  test('carries over what was written until the side was closed', async () => {
    const close = relay.close.bind(relay);
    relay.close = async (...given) => {
      relay.waiting = [2, 1, 0];
      return close(...given);
    };
    expect(await run()).toMatchObject({ outcome: 'done' });
    expect(relay.waiting).toEqual([0]);
  });

  test.each<[string, (relay: FakeRelay) => void, RegExp]>([
    ['the stores differ', (relay) => (relay.differences = 2), /fig reconcile items --repair/],
    [
      'rows that were written last differ',
      (relay) => (relay.verified.different = ['5']),
      /1 of 3 rows .* differ: 5/,
    ],
    ['too much was written', (relay) => (relay.verified.isPartial = true), /does not remember all rows/],
    ['a writer does not end', (relay) => (relay.refuses = { close: '212 is open' }), /212 is open/],
    ['the way back is not proven', (relay) => (relay.refuses = { prove: 'no mark' }), /no mark/],
    ['the gates cannot be put up', (relay) => (relay.refuses = { install: 'no right' }), /no right/],
  ])('goes back to who owned it when %s, and goes through the next time', async (_what, spoil, detail) => {
    spoil(relay);
    await expectBack(detail);
    const { legacy } = relay;
    if (legacy) expect(legacy.owner).toBe('legacy');
    const well = new FakeRelay();
    Object.assign(relay, { differences: 0, verified: well.verified, refuses: {} });
    expect(await run()).toMatchObject({ outcome: 'done' });
  });

  test('is refused while an empty queue means nothing, or the columns are others than they were', async () => {
    const refusal = async () => {
      const begun = await cutover().begin(SET, 'candidate', AUTHOR);
      return begun.ok ? null : begun.detail;
    };
    relay.doubt = 'writes were not noted for a time';
    expect(await refusal()).toBe('capture: writes were not noted for a time');
    relay.doubt = null;
    relay.drift = ['items.rating was added (int null)'];
    expect(await refusal()).toMatch(/^capture: .*rating was added.*npx fig capture install items$/);
    relay.drift = [];
    expect(await run()).toMatchObject({ outcome: 'done' });
  });

  test('goes back when a replica does not say that it holds writes, and names it', async () => {
    pending = ['b:2'];
    await expectBack(/b:2 did not say .* --evict b:2/);
    expect(relay.told.some((what) => what.startsWith('close'))).toBe(false);
  });

  test('is refused while a replica is silent, reads are not moved, or somebody writes from outside', async () => {
    const silent = { version: '1', hash: 'h', routes: {}, appliedSeq: 1, lastSeen: '', silent: true };
    instances = [{ id: 'b:2', ...silent }];
    const outside = cutover({ writersOutside: () => ['job nightly writes items.'] });
    await control.transition(
      'owned',
      { stage: 'canary', hundredths: 1000 },
      { ...AUTHOR, expectedVersion: 1, force: true },
    );
    const begun = await outside.begin(SET, 'candidate', AUTHOR);
    expect(begun).toMatchObject({ ok: false, code: 'FENCE_CUTOVER_REFUSED' });
    const failed = begun.ok ? [] : begun.checks.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(failed).toEqual(['reads', 'writers', 'replicas']);
    expect(await steps()).toEqual([]);
  });

  test('is given back to legacy by two at once, on two replicas, and both are answered when it is', async () => {
    await run();
    relay.comparing = new Promise((resolve) => setTimeout(resolve, 200));
    instances = [{ id: 'a:1', silent: false } as Instance];
    const given = [cutover(), cutover({}, 'b:2')].map(async (one, n) => {
      if (n === 1) await until('it is under way', () => control.dataOf('items')?.to);
      const outcome = await one.giveBack(SET, AUTHOR);
      return [outcome, control.dataOf('items')?.owner];
    });
    expect(await Promise.all(given)).toEqual([
      [{ ok: true }, 'legacy'],
      [{ ok: true }, 'legacy'],
    ]);
    expect(relay.told.filter((what) => what === 'open legacy 5')).toHaveLength(1);
  });

  test('a rollback of its route that comes in mid-change counts: it goes back', async () => {
    let park = () => {};
    const parked = new Promise<void>((resolve) => {
      park = resolve;
    });
    const one = cutover({ failpoint: (name) => (name === 'before-JOURNALED' ? parked : undefined) });
    expect(await one.begin(SET, 'candidate', AUTHOR)).toMatchObject({ ok: true });
    await until('it is prepared', () => control.dataOf('items')?.step === 'PREPARED');
    expect(await control.rollback('owned', AUTHOR)).toMatchObject({ ok: true });
    park();
    expect(await ended(one)).toMatchObject({
      outcome: 'back',
      detail: expect.stringContaining('owned is at legacy'),
    });
    expect(control.dataOf('items')).toMatchObject({ owner: 'legacy', held: false, to: null });
  });

  const retire = (force = false) => {
    const expectedVersion = control.snapshot.states.get('owned')?.position?.version as number;
    const to = { stage: 'retired', hundredths: 0 } as const;
    return control.transition('owned', to, { ...AUTHOR, expectedVersion, force });
  };

  test('no route is retired while its data go back, by force neither', async () => {
    await run();
    let park = () => {};
    relay.comparing = new Promise<void>((resolve) => {
      park = resolve;
    });
    const one = cutover();
    expect(await one.begin(SET, 'legacy', AUTHOR)).toMatchObject({ ok: true });
    const refused = { code: 'ROUTE_WRITER_LEGACY', detail: expect.stringContaining('on its way back') };
    for (const force of [false, true]) expect(await retire(force)).toMatchObject({ ok: false, ...refused });
    park();
    expect(await ended(one)).toMatchObject({ outcome: 'done' });
    expect(control.snapshot.states.get('owned')?.position).toMatchObject({ stage: 'candidate' });
  });

  test('data whose route is retired at the very moment when they start to go back stay', async () => {
    await run();
    const measured = relay.status.bind(relay);
    relay.status = async () => {
      if (writer()?.stage !== 'retired') expect(await retire()).toMatchObject({ ok: true });
      return measured();
    };
    expect(await run('legacy')).toMatchObject({
      outcome: 'back',
      detail: expect.stringContaining('owned is retired'),
    });
    expect(control.dataOf('items')).toMatchObject({ owner: 'candidate', held: false, to: null });
  });

  test('finalising twice says that it is finalised, and in mid-change that it has to end', async () => {
    await run();
    const one = cutover();
    relay.comparing = new Promise((resolve) => setTimeout(resolve, 100));
    expect(await one.begin(SET, 'legacy', AUTHOR)).toMatchObject({ ok: true });
    expect(await one.finalise(SET, AUTHOR)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('Wait'),
    });
    await ended(one);
    await run('candidate', one);
    expect(await one.finalise(SET, AUTHOR)).toEqual({ ok: true });
    expect(await one.finalise(SET, AUTHOR)).toMatchObject({
      ...{ ok: false, detail: 'items is finalised already: there is no way back' },
    });
  });

  test('what legacy owns already is given back, and what belongs to a retired route is not', async () => {
    expect(await cutover().giveBack(SET, AUTHOR)).toEqual({ ok: true });
    await run();
    expect(await retire()).toMatchObject({ ok: true });
    expect(await cutover().giveBack(SET, AUTHOR)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('owned is retired'),
    });
  });

  test('says why it was not given back, or that it goes the other way', async () => {
    await run();
    relay.refuses = { close: 'writers did not end' };
    const one = cutover();
    expect(await one.giveBack(SET, AUTHOR)).toMatchObject({
      ...{ ok: false, code: 'FENCE_CUTOVER_REFUSED' },
      detail: expect.stringMatching(/was not given back.*writers did not end/),
    });
    expect(control.dataOf('items')).toMatchObject({ owner: 'candidate', held: false, to: null });
    relay.refuses = {};
    await run('legacy', one);
    relay.comparing = new Promise((resolve) => setTimeout(resolve, 200));
    expect(await one.begin(SET, 'candidate', AUTHOR)).toMatchObject({ ok: true });
    expect(await one.giveBack(SET, AUTHOR)).toMatchObject({ ok: false, code: 'FENCE_CUTOVER_RUNNING' });
    await ended(one);
  });

  test('of two who ask at once one leads, and the other is told so', async () => {
    const one = cutover();
    const both = await Promise.all([
      one.begin(SET, 'candidate', AUTHOR),
      one.begin(SET, 'candidate', AUTHOR),
    ]);
    expect(both.map(({ ok }) => ok)).toEqual([true, false]);
    expect(both[1]).toMatchObject({ code: 'FENCE_CUTOVER_RUNNING' });
    await ended(one);
    expect((await steps()).filter((step) => step.startsWith('TAILING'))).toHaveLength(1);
  });

  test('is completed once it is decided, however long the relay is away', async () => {
    const one = cutover({
      failpoint: (name) => {
        if (name === 'after-JOURNALED') relay.away = true;
      },
    });
    await one.begin(SET, 'candidate', AUTHOR);
    await until('the decision', () => control.dataOf('items')?.step === 'JOURNALED');
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(control.dataOf('items')).toMatchObject({ step: 'JOURNALED', held: true });
    relay.away = false;
    expect(await ended(one)).toMatchObject({ outcome: 'done' });
    expect(relay.told.at(-1)).toBe('open candidate 3');
  });

  test('a leader that stops gives up its comparison and leaves nothing behind', async () => {
    relay.comparing = new Promise(() => {});
    const one = cutover();
    await one.begin(SET, 'candidate', AUTHOR);
    await until('the comparison', () => relay.told.includes('compare'));
    await one.stop();
    expect(control.dataOf('items')).toMatchObject({ owner: 'legacy', to: null, held: false });
  });

  /** As a leader leaves it that dies behind this step. */
  const left = async (
    step: 'VERIFIED' | 'FENCING' | 'DRAINING' | 'PREPARED' | 'JOURNALED',
    driver = 'b:2',
  ) => {
    const held = step !== 'VERIFIED';
    const owner = step === 'JOURNALED' ? 'candidate' : 'legacy';
    const epoch = step === 'JOURNALED' ? 3 : 0;
    const state = control.dataOf('items');
    if (!state) throw new Error('no position');
    await control.moveData(state, { step, held, owner, epoch, to: 'candidate', driver }, AUTHOR);
    relay.legacy = { owner: held ? 'nobody' : 'legacy', epoch: held ? 2 : 1 };
  };

  test.each(['VERIFIED', 'FENCING', 'DRAINING', 'PREPARED'] as const)(
    'what a dead leader left at %s is taken back by another instance',
    async (step) => {
      await left(step);
      await cutover().recover();
      expect(control.dataOf('items')).toMatchObject({
        owner: 'legacy',
        held: false,
        to: null,
        step: 'LEGACY_OWNS',
      });
      // Above what the dead one may have closed with.
      expect(relay.told).toEqual(step === 'VERIFIED' ? [] : ['open legacy 4']);
    },
  );

  test('what a dead leader left behind the decision is completed by another instance', async () => {
    await left('JOURNALED');
    await cutover().recover();
    expect(control.dataOf('items')).toMatchObject({
      owner: 'candidate',
      step: 'CANDIDATE_OWNS',
      held: false,
    });
    expect(relay.told).toEqual(['open candidate 3']);
  });

  test('what a living leader does is left to it, and to itself after it was started again', async () => {
    await left('DRAINING');
    const alive = { version: '1', hash: 'h', routes: {}, appliedSeq: 1, lastSeen: '', silent: false };
    instances = [{ id: 'b:2', ...alive }];
    await cutover().recover();
    expect(control.dataOf('items')).toMatchObject({ step: 'DRAINING', held: true });
    await cutover({}, 'b:2').recover();
    expect(control.dataOf('items')).toMatchObject({ step: 'LEGACY_OWNS', held: false });
  });

  test('of a leader that is late and one that took over, the ledger takes one', async () => {
    let release = () => {};
    const parked = new Promise<void>((resolve) => {
      release = resolve;
    });
    const late = cutover({ failpoint: (name) => (name === 'before-JOURNALED' ? parked : undefined) });
    await late.begin(SET, 'candidate', AUTHOR);
    await until('the last step before the decision', () => control.dataOf('items')?.step === 'PREPARED');
    await cutover({}, 'b:2').recover();
    expect(control.dataOf('items')).toMatchObject({ owner: 'legacy', step: 'LEGACY_OWNS', held: false });
    release();
    expect(await ended(late)).toMatchObject({ outcome: 'back' });
    expect(control.dataOf('items')).toMatchObject({ owner: 'legacy', step: 'LEGACY_OWNS', held: false });
    expect(relay.told.filter((what) => what.startsWith('open'))).toEqual(['open legacy 4']);
  });

  test('is finalised where the candidate owns the set, and has no way back then', async () => {
    const one = cutover();
    expect(await one.finalise(SET, AUTHOR)).toMatchObject({ ok: false });
    await run();
    expect(await one.finalise(SET, AUTHOR)).toEqual({ ok: true });
    expect(await cutover().begin(SET, 'legacy', AUTHOR)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('no way back'),
    });
  });
});
