/** A legacy `freelancers` row in its canonical form: what `newToRow` makes and `rowToNew` gives back unchanged. */
export type FreelancerRow = {
  readonly frl_id: number;
  /** `Last, First`; a mononym has no comma. */
  readonly frl_name: string;
  readonly frl_match: string;
  readonly frl_email: string | null;
  readonly frl_phone: string | null;
  readonly frl_stat: 'A' | 'I' | 'B';
  readonly blk_reason: string | null;
  /** Whole cents. */
  readonly rate_ct: number;
  readonly cur: string;
  /** `java,sql`; '' when none. */
  readonly skills_csv: string;
  readonly city: string | null;
  readonly country: string | null;
  /** `YYYY-MM-DD`; null means available now. */
  readonly avail_from: string | null;
  readonly notes: string | null;
  readonly del_flag: 'Y' | 'N';
  /** `YYYY-MM-DD HH:mm:ss`, UTC. */
  readonly created: string;
  readonly changed: string;
};

/** The new service's freelancer without its version: what the sync inbox takes and the API answers. */
export type FreelancerValue = {
  readonly id: string;
  readonly number: number;
  readonly name: { readonly first: string; readonly last: string };
  readonly matchcode: string;
  readonly status: 'active' | 'inactive' | 'blocked';
  readonly blockReason: string | null;
  /** Decimal string with two digits: `95.00`. */
  readonly hourlyRate: { readonly amount: string; readonly currency: string };
  readonly skills: readonly string[];
  readonly email: string | null;
  readonly phone: string | null;
  readonly city: string | null;
  readonly country: string | null;
  readonly notes: string | null;
  /** `YYYY-MM-DD`; null means available now. */
  readonly availableFrom: string | null;
  readonly archived: boolean;
  /** ISO 8601, UTC, with milliseconds. */
  readonly createdAt: string;
  readonly updatedAt: string;
};

/** A translation: the value with the names of the quirks that were canonicalised on the way, or why there is none. */
export type Translated<T> =
  | { readonly ok: true; readonly value: T; readonly quirks: readonly string[] }
  | { readonly ok: false; readonly reason: string };
