import type { OnceOnly } from '../../service-kit/idempotency/once.ts';
import { type Profile, registerFreelancer } from '../domain/freelancer.ts';
import type { AddOutcome, Clock, FreelancerStore, NumberSource } from './freelancer-store.ts';

/** A number can be taken by a synced row between being handed out and being used. */
const attempts = 5;

/** Adds a freelancer under the next number, once per idempotency key. */
export async function register(
  { store, numbers, now }: { store: FreelancerStore; numbers: NumberSource; now: Clock },
  profile: Profile,
  once: OnceOnly | null,
): Promise<AddOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await store.add(registerFreelancer(profile, await numbers.next(), now()), once);
    if (outcome.kind !== 'number-taken' || attempt === attempts) return outcome;
  }
}
