import type { Logger } from 'pino';
import { pausable } from '../backfill/retry.ts';
import type { CaptureState } from '../capture/change-source.ts';
import type { ReachFailpoint } from '../failpoint.ts';
import type { LegacyWriter } from '../reverse/legacy-writer.ts';
import { describeTransactions, type OpenTransaction } from '../source/legacy-busy.ts';
import type { QuarantinedRow } from '../state/progress.ts';
import type { Tail, TailStatus } from '../tail/tail.ts';
import type { OwnedService, ServiceOwnership } from '../target/owned-service.ts';
import type { LegacyGate, Ownership } from './legacy-gate.ts';
import type { Verification, Verified } from './verification.ts';

export type Side = 'legacy' | 'candidate';

/** What the API answers about who owns a set. */
export type OwnershipStatus = {
  readonly set: string;
  /** By each store itself; null: it has no gate. */
  readonly legacy: Ownership | null;
  readonly candidate: ServiceOwnership;
  readonly gate: CaptureState['kind'];
  readonly missing: readonly string[];
  /** Where changes go: from legacy, or back to it. */
  readonly direction: 'forward' | 'back';
  readonly forward: TailStatus;
  readonly back: TailStatus;
  /** Rows that wait because one of the stores refuses them. */
  readonly quarantined: number;
  /** Tables whose rows the translator cannot bring back. */
  readonly oneWay: readonly string[];
  /** Writes that the gate rejected; null where the database cannot keep count. */
  readonly rejected: number | null;
  /** Writes outside the set that change its rows over foreign keys. */
  readonly cascades: readonly string[];
  readonly openTransactions: readonly OpenTransaction[];
};

export type OwnershipOptions = {
  readonly set: string;
  readonly gate: LegacyGate;
  readonly service: OwnedService;
  readonly writer: LegacyWriter;
  readonly forward: Tail;
  readonly back: Tail;
  /** Carries one batch of what the service wrote back. */
  readonly carryBack: () => Promise<unknown>;
  /** No number that one side has handed out is handed out by `to`. */
  readonly continueNumbers: (to: Side) => Promise<Outcome>;
  /** Rows that the service refuses, and those that legacy refuses on the way back. */
  readonly quarantined: () => readonly QuarantinedRow[];
  readonly quarantinedBack: () => readonly QuarantinedRow[];
  readonly verification: Verification;
  readonly oneWay: readonly string[];
  readonly log: Logger;
  readonly failpoint: ReachFailpoint;
};

export type Outcome = { readonly ok: true } | { readonly ok: false; readonly detail: string };

const PROOF_MS = 5_000;
const LOOK_MS = 20;
const CASCADES_MS = 10_000;

/**
 * Who owns one set: both gates, and the one direction in which changes go. Each step may be done again, after a crash at
 * any place; who decides which step comes next is the facade, which journals them.
 */
export class SetOwnership {
  readonly #options: OwnershipOptions;
  #direction: 'forward' | 'back' = 'forward';
  /** One step after the other: what was sent by a leader that is gone may still be on its way. */
  #turn: Promise<unknown> = Promise.resolve();
  #known: readonly string[] = [];
  #cascadesAt = Number.NEGATIVE_INFINITY;

  constructor(options: OwnershipOptions) {
    this.#options = options;
  }

  /** Follows in the direction that the gate tells. */
  async start(): Promise<void> {
    const ownership = await this.#options.gate.read();
    this.#direction = ownership?.owner === 'candidate' ? 'back' : 'forward';
    await this.live.start();
  }

  get set(): string {
    return this.#options.set;
  }

  get direction(): 'forward' | 'back' {
    return this.#direction;
  }

  /** The tail that is at work: it knows what waits to be carried over. */
  get live(): Tail {
    return this.#direction === 'back' ? this.#options.back : this.#options.forward;
  }

  /** Who owns it, as the legacy store says: legacy, in epoch 0, where nobody governs it. */
  async ownership(): Promise<Ownership> {
    return (await this.#options.gate.read()) ?? { owner: 'legacy', epoch: 0 };
  }

  /** Rows that wait because legacy refuses them. */
  quarantinedBack(): readonly QuarantinedRow[] {
    return this.#options.quarantinedBack();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#options.forward.stop(), this.#options.back.stop()]);
  }

  async status(): Promise<OwnershipStatus> {
    const { set, gate, service, forward, back, quarantined, quarantinedBack, oneWay } = this.#options;
    const state = await gate.state();
    return {
      set,
      legacy: await gate.read(),
      candidate: await service.owner(),
      gate: state.kind,
      missing: state.kind === 'broken' ? state.missing : [],
      direction: this.#direction,
      forward: await forward.status(),
      back: await back.status(),
      quarantined: quarantined().length + quarantinedBack().length,
      oneWay,
      rejected: await gate.rejected(),
      cascades: await this.#cascades(),
      openTransactions: await gate.openTransactions(),
    };
  }

  /** Looked at now and then: the schema seldom changes, and the status is asked for often while writes are held. */
  async #cascades(): Promise<readonly string[]> {
    if (performance.now() - this.#cascadesAt > CASCADES_MS) {
      this.#known = await this.#options.gate.cascades();
      this.#cascadesAt = performance.now();
    }
    return this.#known;
  }

  /** Puts both gates up. Who owns the set stays as it is: legacy, where nobody governed it. */
  async install(): Promise<Outcome> {
    const { gate, service, writer } = this.#options;
    await writer.prepare();
    await gate.install();
    const legacy = await gate.read();
    const there = await service.owner();
    if (legacy === null || there.owner !== 'open') return { ok: true };
    return service.setOwner(legacy);
  }

  /** Takes both gates down, where legacy owns the set: then nobody governs it again. */
  async remove(): Promise<Outcome> {
    const owner = (await this.#options.gate.read())?.owner ?? 'legacy';
    if (owner !== 'legacy')
      return { ok: false, detail: `expected legacy as the owner of ${this.#options.set}, got ${owner}` };
    await this.#options.gate.remove();
    return { ok: true };
  }

  /**
   * Ends the way back for good, where the candidate owns the set: what it has written so far is carried over, then it
   * asks nobody any more. The monolith's tables stay closed, with what they hold.
   */
  release(): Promise<Outcome> {
    return this.#inTurn(() => this.#release());
  }

  /** The new service owns the set for good: nothing is carried to the monolith's tables any more. */
  async hasEnded(): Promise<boolean> {
    const { gate, service } = this.#options;
    return (await gate.read())?.owner === 'candidate' && (await service.owner()).owner === 'open';
  }

  async #release(): Promise<Outcome> {
    const { set, gate, service, forward, back, log, failpoint } = this.#options;
    const owner = (await gate.read())?.owner ?? 'legacy';
    if (owner !== 'candidate')
      return { ok: false, detail: `expected the new service as the owner of ${set}, got ${owner}` };
    const there = await service.owner();
    if (there.owner !== 'open') {
      const told = await service.setOwner({ owner: 'open', epoch: there.epoch });
      if (!told.ok) return told;
    }
    failpoint('release-after-service');
    const emptied = await this.#emptied();
    if (!emptied.ok) return emptied;
    failpoint('release-after-carried');
    await back.stop();
    failpoint('release-after-tail');
    await forward.remove();
    log.info({ set }, 'the way back has ended');
    return { ok: true };
  }

  /** What the service has queued is carried back. */
  async #emptied(): Promise<Outcome> {
    const { carryBack, service } = this.#options;
    for (const deadline = performance.now() + PROOF_MS; performance.now() < deadline; ) {
      await carryBack();
      if ((await service.position()).waiting === 0) return { ok: true };
    }
    return { ok: false, detail: `what waits was not carried back within ${PROOF_MS / 1000} s. Do it again.` };
  }

  /** From now on this side takes no writes of the set, and none is in flight there. */
  close(side: Side, epoch: number): Promise<Outcome> {
    return this.#inTurn(() => this.#close(side, epoch));
  }

  async #close(side: Side, epoch: number): Promise<Outcome> {
    const { gate, service, failpoint, set } = this.#options;
    // Whoever comes late with an older epoch closes nothing any more. The service was told of each one that opened a
    // side; the gate was not, where legacy had kept the set.
    const there = await service.owner();
    if (epoch < there.epoch || (epoch === there.epoch && there.owner !== 'nobody'))
      return { ok: false, detail: `epoch ${epoch} is over: ${set} was opened in ${there.epoch}` };
    const next: Ownership = { owner: 'nobody', epoch };
    failpoint('before-close');
    if (side === 'candidate') {
      const outcome = await service.setOwner(next);
      failpoint('after-close');
      return outcome;
    }
    const outcome = await gate.write(next);
    failpoint('after-close');
    if (!outcome.ok) return { ok: false, detail: blocked(set, outcome.blockers) };
    const { owner, epoch: at } = outcome.ownership;
    return owner === 'nobody' && at === epoch
      ? { ok: true }
      : { ok: false, detail: `the gate says ${owner} in epoch ${at}` };
  }

  /**
   * Whether rows that were written since the stores were compared are the same on both sides. As long as writes come
   * only some of them can be told; the last look is the one that counts.
   */
  async verify(): Promise<Verified> {
    return this.#options.verification.look();
  }

  /** Shows that what the other side will write comes back here, and that it numbers on from here, before it may write. */
  async prove(to: Side): Promise<Outcome> {
    const proven = await this.#provenWay(to);
    if (!proven.ok) return proven;
    this.#options.failpoint('before-numbers');
    const counted = await this.#options.continueNumbers(to);
    this.#options.failpoint('after-numbers');
    return counted;
  }

  async #provenWay(to: Side): Promise<Outcome> {
    const { service, writer, forward, carryBack, oneWay, set } = this.#options;
    if (to === 'legacy') {
      const { capture, missing } = await forward.status();
      return capture === 'installed'
        ? { ok: true }
        : {
            ok: false,
            detail: `writes to legacy would not be noted (capture is ${capture}${missing.length > 0 ? `: ${missing.join(', ')} gone` : ''}). Run \`fig capture install ${set}\`.`,
          };
    }
    if (oneWay.length > 0)
      return { ok: false, detail: `the translator has no \`fromSync\` for ${oneWay.join(', ')}` };
    const key = await service.marker();
    for (const deadline = performance.now() + PROOF_MS; performance.now() < deadline; ) {
      await carryBack();
      if (await writer.isMarked(key)) return { ok: true };
      await pausable(LOOK_MS, AbortSignal.timeout(PROOF_MS));
    }
    return {
      ok: false,
      detail: `a mark that the service wrote did not come back within ${PROOF_MS / 1000} s`,
    };
  }

  /** This side owns the set from now on, in this epoch; changes go the other way. */
  open(owner: Side, epoch: number): Promise<Outcome> {
    return this.#inTurn(() => this.#open(owner, epoch));
  }

  async #open(owner: Side, epoch: number): Promise<Outcome> {
    const { service, forward, back, failpoint, log, set } = this.#options;
    const next: Ownership = { owner, epoch };
    // The side that loses is closed before the other opens: the service first, where legacy takes over, and the
    // gate, closed since the fence, where the service does.
    if (owner === 'legacy') {
      const told = await service.setOwner(next);
      if (!told.ok) return told;
      failpoint('open-after-service');
      await back.stop();
      failpoint('open-after-tail');
      const outcome = await this.#writeGate(next);
      if (!outcome.ok) return outcome;
      failpoint('open-after-gate');
    } else {
      const outcome = await this.#writeGate(next);
      if (!outcome.ok) return outcome;
      failpoint('open-after-gate');
      await forward.stop();
      failpoint('open-after-tail');
      const told = await service.setOwner(next);
      if (!told.ok) return told;
      failpoint('open-after-service');
    }
    this.#direction = owner === 'candidate' ? 'back' : 'forward';
    this.#options.verification.end();
    await this.live.start();
    log.info({ set, owner, epoch }, 'another owner');
    failpoint('after-open');
    return { ok: true };
  }

  #inTurn(step: () => Promise<Outcome>): Promise<Outcome> {
    const done = this.#turn.then(step);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #writeGate(next: Ownership): Promise<Outcome> {
    // It was never closed: a writer that keeps it from being closed must not keep it from staying open.
    if ((await this.#options.gate.settled())?.owner === next.owner) return { ok: true };
    const outcome = await this.#options.gate.write(next);
    if (!outcome.ok) return { ok: false, detail: blocked(this.#options.set, outcome.blockers) };
    const { owner, epoch } = outcome.ownership;
    return owner === next.owner && epoch === next.epoch
      ? { ok: true }
      : { ok: false, detail: `the gate says ${owner} in epoch ${epoch}` };
  }
}

function blocked(set: string, blockers: readonly OpenTransaction[]): string {
  return `writers of ${set} did not end within 2 s${describeTransactions(blockers)}. End them, or try again.`;
}
