import type { OnceOnly } from '../../service-kit/idempotency/once.ts';
import type { Freelancer } from '../domain/freelancer.ts';

export type AddOutcome =
  | { readonly kind: 'added'; readonly freelancer: Freelancer }
  /** The key was used by the same request before: what that one added, as it was then. */
  | { readonly kind: 'repeated'; readonly freelancer: Freelancer }
  | { readonly kind: 'key-reused' | 'email-taken' | 'number-taken' };

type Refusal =
  | { readonly kind: 'already-blocked' | 'nameless' }
  | { readonly kind: 'stale'; readonly version: number };

export type ChangeOutcome =
  | { readonly kind: 'done'; readonly freelancer: Freelancer }
  | { readonly kind: 'not-found' | 'email-taken' }
  | Refusal;

export type Decision = { readonly freelancer: Freelancer } | { readonly refused: Refusal };

/** Where freelancers live. Each method is one transaction, which keeps the search view with the aggregate. */
export type FreelancerStore = {
  readonly find: (id: string) => Promise<Freelancer | null>;
  readonly add: (freelancer: Freelancer, once: OnceOnly | null) => Promise<AddOutcome>;
  /** Decides on the current freelancer while nobody else can change it; the same object means nothing to write. */
  readonly change: (id: string, decide: (current: Freelancer) => Decision) => Promise<ChangeOutcome>;
};

/** Hands out numbers, each once; gaps are fine. */
export type NumberSource = { readonly next: () => Promise<number> };

export type Clock = () => Date;
