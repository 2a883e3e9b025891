import { freelancerId } from './freelancer-id.ts';
import { upperByLetter } from './letter-case.ts';
import { fold } from './matchcode.ts';
import type { Money } from './money.ts';

export type Name = { readonly first: string; readonly last: string };

export type Status = 'active' | 'inactive' | 'blocked';

/** What a caller may state about a freelancer; everything else follows from it. */
export type Profile = {
  readonly name: Name;
  readonly status: Status;
  /** Why someone is blocked. Imported rows may carry one without being blocked: it is kept as it came. */
  readonly blockReason: string | null;
  readonly hourlyRate: Money;
  readonly skills: readonly string[];
  readonly email: string | null;
  readonly phone: string | null;
  readonly city: string | null;
  readonly country: string | null;
  readonly notes: string | null;
  /** ISO date; null means available now. */
  readonly availableFrom: string | null;
};

export type Freelancer = Profile & {
  readonly id: string;
  readonly number: number;
  readonly matchcode: string;
  readonly archived: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Counts effective changes from 1. */
  readonly version: number;
};

/** A merge: what is left out stays as it is. */
export type Edit = Partial<Omit<Profile, 'name' | 'hourlyRate'>> & {
  readonly name?: Partial<Name>;
  readonly hourlyRate?: Partial<Money>;
};

/** `Last, First`, or the last name alone: a mononym has no comma. */
export function fullName(name: Name): string {
  return name.first === '' ? name.last : `${name.last}, ${name.first}`;
}

/** Someone has at least one of first and last name. */
export function isNamed(name: Name): boolean {
  return name.first.trim() !== '' || name.last.trim() !== '';
}

export function matchcodeOf(name: Name): string {
  return fold(fullName(name));
}

/** Addresses that differ in case alone are the same address. */
export function emailKey(email: string): string {
  return upperByLetter(email);
}

export function registerFreelancer(profile: Profile, number: number, now: Date): Freelancer {
  return {
    ...profile,
    id: freelancerId(number),
    number,
    matchcode: matchcodeOf(profile.name),
    archived: false,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
}

/** Returns the same object when the edit changes nothing. The matchcode follows a rename and nothing else. */
export function editFreelancer(freelancer: Freelancer, edit: Edit, now: Date): Freelancer {
  const name = { ...freelancer.name, ...edit.name };
  const hourlyRate = { ...freelancer.hourlyRate, ...edit.hourlyRate };
  const edited = { ...freelancer, ...edit, name, hourlyRate };
  const renamed = edited.name.first !== freelancer.name.first || edited.name.last !== freelancer.name.last;
  return changed(freelancer, renamed ? { ...edited, matchcode: matchcodeOf(edited.name) } : edited, now);
}

/** Makes someone active and forgets the reason of a block; someone active stays as they are. */
export function activateFreelancer(freelancer: Freelancer, now: Date): Freelancer {
  if (freelancer.status === 'active') return freelancer;
  return changed(freelancer, { ...freelancer, status: 'active', blockReason: null }, now);
}

/** Null when the freelancer is blocked already: a second reason would hide the first. */
export function blockFreelancer(freelancer: Freelancer, reason: string, now: Date): Freelancer | null {
  if (freelancer.status === 'blocked') return null;
  return changed(freelancer, { ...freelancer, status: 'blocked', blockReason: reason }, now);
}

export function archiveFreelancer(freelancer: Freelancer, now: Date): Freelancer {
  return changed(freelancer, { ...freelancer, archived: true }, now);
}

function changed(before: Freelancer, after: Freelancer, now: Date): Freelancer {
  if (JSON.stringify(content(before)) === JSON.stringify(content(after))) return before;
  return { ...after, updatedAt: now, version: before.version + 1 };
}

function content(freelancer: Freelancer): readonly unknown[] {
  const { name, hourlyRate } = freelancer;
  return [
    [name.first, name.last, freelancer.matchcode, freelancer.status, freelancer.blockReason],
    [hourlyRate.amount, hourlyRate.currency, freelancer.skills, freelancer.email, freelancer.phone],
    [freelancer.city, freelancer.country, freelancer.notes, freelancer.availableFrom, freelancer.archived],
  ];
}
