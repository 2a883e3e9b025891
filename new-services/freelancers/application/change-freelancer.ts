import {
  activateFreelancer,
  archiveFreelancer,
  blockFreelancer,
  type Edit,
  editFreelancer,
  type Freelancer,
  isNamed,
} from '../domain/freelancer.ts';
import type { ChangeOutcome, Clock, Decision, FreelancerStore } from './freelancer-store.ts';

type Ports = { readonly store: FreelancerStore; readonly now: Clock };

/** Versions a caller accepts to change; null for any. */
export type ExpectedVersions = readonly number[] | null;

export function edit(
  ports: Ports,
  id: string,
  expected: ExpectedVersions,
  edit: Edit,
): Promise<ChangeOutcome> {
  return change(ports, id, expected, (current, now) => {
    const edited = editFreelancer(current, edit, now);
    return isNamed(edited.name) ? { freelancer: edited } : { refused: { kind: 'nameless' } };
  });
}

export function activate(ports: Ports, id: string, expected: ExpectedVersions): Promise<ChangeOutcome> {
  return change(ports, id, expected, (current, now) => ({ freelancer: activateFreelancer(current, now) }));
}

export function block(
  ports: Ports,
  id: string,
  expected: ExpectedVersions,
  reason: string,
): Promise<ChangeOutcome> {
  return change(ports, id, expected, (current, now) => {
    const blocked = blockFreelancer(current, reason, now);
    return blocked === null ? { refused: { kind: 'already-blocked' } } : { freelancer: blocked };
  });
}

export function archive(ports: Ports, id: string, expected: ExpectedVersions): Promise<ChangeOutcome> {
  return change(ports, id, expected, (current, now) => ({ freelancer: archiveFreelancer(current, now) }));
}

function change(
  { store, now }: Ports,
  id: string,
  expected: ExpectedVersions,
  decide: (current: Freelancer, now: Date) => Decision,
): Promise<ChangeOutcome> {
  return store.change(id, (current) => {
    const stale = expected !== null && !expected.includes(current.version);
    return stale ? { refused: { kind: 'stale', version: current.version } } : decide(current, now());
  });
}
