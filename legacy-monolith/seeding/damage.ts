import { prng } from './prng.ts';

/** Every kind of broken row that is planted; SEEDS.md says of each what it is and where it comes from. */
export const DAMAGE = [
  'zero-date',
  'empty-text',
  'trailing-space',
  'stray-commas',
  'double-skill',
  'upper-mail',
  'stale-reason',
  'mojibake',
  'double-escaped',
  'line-break',
  'duplicate-customer',
  'own-parent',
  'vip-of-2',
  'end-before-start',
  'double-booked',
  'unassigned-hours',
  'hours-over-24',
  'forgotten-draft',
  'no-approver',
  'lost-payment',
  'payment-of-nobody',
  'invoice-of-nobody',
  'note-on-nothing',
  'endless-import',
] as const;
export type DamageKind = (typeof DAMAGE)[number];

/** Decides which rows are broken, and counts them. A kind that is left out changes no other row. */
export type Damage = {
  /** True for a share of all keys, the same ones for the same seed. `key` names the row. */
  hits(kind: DamageKind, key: string | number, share: number): boolean;
  has(kind: DamageKind): boolean;
  /** Counts one more that somebody else has chosen; false when the kind is left out. */
  planted(kind: DamageKind): boolean;
  readonly counts: ReadonlyMap<DamageKind, number>;
};

export function damageOf(seed: number, without: ReadonlySet<DamageKind>): Damage {
  const counts = new Map<DamageKind, number>(DAMAGE.map((kind) => [kind, 0]));
  const planted = (kind: DamageKind): boolean => {
    if (without.has(kind)) return false;
    counts.set(kind, counts.get(kind)! + 1);
    return true;
  };
  return {
    has: (kind) => !without.has(kind),
    planted,
    hits: (kind, key, share) => prng(`${seed}/damage/${kind}/${key}`).next() < share && planted(kind),
    counts,
  };
}
