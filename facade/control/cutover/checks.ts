import type { DataSet } from '#plan/model/plan.ts';
import type { DataState } from '../../core/data-position.ts';
import type { DataRelay, RelayedSet } from '../../core/data-relay.ts';
import type { Instance } from '../../core/instances.ts';
import type { Party } from '../../core/party.ts';
import { describeStep, initialPosition } from '../../core/position.ts';
import type { Snapshot } from '../../core/snapshot.ts';

/** Something that has to hold before a set changes its owner, with what was measured. */
export type Check = { readonly name: string; readonly ok: boolean; readonly detail: string };

/** So far behind a change of owners need not begin: draining it would keep writers waiting. */
const MOST_LAG_MS = 2_000;

/** What can be told without the relay. */
export function planChecks(
  set: DataSet,
  state: DataState,
  to: Party,
  snapshot: Snapshot,
  instances: readonly Instance[],
  outside: readonly string[],
): Check[] {
  const owner = state.owner !== to;
  const checks: Check[] = [
    {
      name: 'owner',
      ok: owner,
      detail: owner
        ? `${state.owner} owns ${set.name}, in epoch ${state.epoch}`
        : `${to} owns ${set.name} already`,
    },
  ];
  if (state.step === 'FINALISED')
    checks.push({ name: 'finalised', ok: false, detail: `${set.name} is finalised: there is no way back` });
  const retired = set.routes.filter((name) => snapshot.states.get(name)?.position?.stage === 'retired');
  if (to === 'legacy' && retired.length > 0)
    checks.push({
      name: 'retired',
      ok: false,
      detail: `${retired.join(', ')} is retired: its writes go to the candidate for good`,
    });
  if (to === 'candidate') {
    const behind = set.routes.flatMap((name) => {
      const found = snapshot.states.get(name);
      const position = found?.position ?? initialPosition;
      const isMoved = position.stage === 'candidate' || position.stage === 'retired';
      if (found && isMoved && !position.killed) return [];
      return [`${name} is at ${describeStep(position)}${position.killed ? ' (killed)' : ''}`];
    });
    checks.push({
      name: 'reads',
      ok: behind.length === 0,
      detail:
        behind.length === 0
          ? `the candidate answers all reads of ${set.routes.join(', ')}`
          : `expected all reads at the candidate, but ${behind.join(', ')}. Advance the routes first.`,
    });
    checks.push({
      name: 'writers',
      ok: outside.length === 0,
      detail: outside.length === 0 ? 'nothing outside the set writes its tables' : outside.join(' '),
    });
  }
  const silent = instances.filter((instance) => instance.silent).map(({ id }) => id);
  checks.push({
    name: 'replicas',
    ok: silent.length === 0,
    detail:
      silent.length === 0
        ? `${instances.length} of the facade, all heard of`
        : `${silent.join(', ')} did not say for 10 s how it stands. Start it, or: npx fig instances --evict ${silent[0]}`,
  });
  return checks;
}

/** What the relay and both stores say. */
export async function relayChecks(relay: DataRelay, set: string, to: Party): Promise<Check[]> {
  let status: RelayedSet;
  try {
    status = await relay.status(set);
  } catch (error) {
    return [{ name: 'relay', ok: false, detail: (error as Error).message }];
  }
  const live = to === 'candidate' ? status.forward : status.back;
  const checks: Check[] = [
    { name: 'relay', ok: true, detail: `carries changes ${status.direction}` },
    {
      name: 'gate',
      ok: status.gate !== 'broken',
      detail:
        status.gate === 'broken'
          ? `gone: ${status.missing.join(', ')}. It is put up again by the cutover itself.`
          : `${status.gate}; legacy says ${describeOwner(status.legacy)}, the service ${describeOwner(status.candidate)}`,
    },
    captured(status, set),
    {
      name: 'lag',
      ok: live.error === null && live.lagMs !== null && live.lagMs <= MOST_LAG_MS,
      detail:
        live.lagMs === null
          ? `not known${live.error ? `: ${live.error}` : ''}`
          : `${live.waiting} waiting, the oldest for ${live.lagMs} ms (at most ${MOST_LAG_MS})`,
    },
    {
      name: 'quarantine',
      ok: status.quarantined === 0,
      detail:
        status.quarantined === 0
          ? 'empty'
          : `${status.quarantined} rows that a store refuses. See: npx fig backfill ${set} --quarantine`,
    },
    {
      name: 'way back',
      ok: status.oneWay.length === 0,
      detail:
        status.oneWay.length === 0
          ? 'the translator knows it'
          : `the translator has no \`fromSync\` for ${status.oneWay.join(', ')}`,
    },
    {
      name: 'transactions',
      ok: true,
      detail:
        status.openTransactions.length === 0
          ? 'none is open that can be seen'
          : status.openTransactions
              .map(({ id, seconds, user, doing }) => `${id} of ${user}, open for ${seconds} s: ${doing}`)
              .join('; '),
    },
  ];
  if (to === 'candidate') {
    checks.splice(1, 0, await copied(relay, set));
    checks.push(cascading(status, set));
  }
  return checks;
}

function captured({ forward: { capture, doubt, drift } }: RelayedSet, set: string): Check {
  const name = 'capture';
  if (capture !== 'installed')
    return { name, ok: false, detail: `${capture}. Run: npx fig capture install ${set}` };
  if (doubt !== null) return { name, ok: false, detail: doubt };
  if (drift.length > 0)
    return {
      name,
      ok: false,
      detail: `the schema of legacy has changed: ${drift.join('; ')}. If that is right: npx fig capture install ${set}`,
    };
  return { name, ok: true, detail: 'writes to legacy are noted, and its columns are what they were' };
}

/** Only people know which request or job does it; the gates refuse it where it would reach a row. */
function cascading({ cascades }: RelayedSet, set: string): Check {
  const detail =
    cascades.length === 0
      ? 'no foreign key changes rows of the set from outside'
      : `refused from then on, where it would reach a row: ${cascades.join(', ')}. Whoever does that must stand in data/${set}.yaml`;
  return { name: 'cascades', ok: true, detail };
}

async function copied(relay: DataRelay, set: string): Promise<Check> {
  const state = await relay.backfill(set).catch((error: Error) => error.message);
  const ok = state === 'done';
  return {
    name: 'backfill',
    ok,
    detail: ok ? 'every row was copied' : `${state}. Run: npx fig backfill ${set}`,
  };
}

const describeOwner = (of: { owner: string; epoch: number } | null) =>
  of ? `${of.owner} (epoch ${of.epoch})` : 'nothing';
