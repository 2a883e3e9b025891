/** A legacy `timesheets` row in its canonical form: what `newToRow` makes and `rowToNew` gives back unchanged. */
export type TimesheetRow = {
  readonly tsh_id: number;
  readonly frl_id: number;
  readonly prj_id: number;
  /** `YYYY-MM-DD`. */
  readonly tsh_day: string;
  /** `7.50`. */
  readonly tsh_hours: string;
  readonly tsh_stat: 'draft' | 'subm' | 'appr' | 'rej' | 'paid';
  /** Whole cents. */
  readonly rate_ct: number;
  readonly is_billable: 0 | 1;
  /** The note; of a rejected sheet the reason. */
  readonly tsh_text: string | null;
  readonly appr_usr_id: number | null;
  /** `YYYY-MM-DD HH:mm:ss`, UTC. */
  readonly appr_at: string | null;
  readonly pay_id: number | null;
  readonly created: string;
  readonly changed: string;
};

/** The new service's timesheet without its version: what the sync inbox takes and the API answers. */
export type TimesheetValue = {
  readonly id: string;
  readonly number: number;
  readonly freelancerNumber: number;
  readonly projectNumber: number;
  /** `YYYY-MM-DD`. */
  readonly day: string;
  /** Decimal string with two digits: `7.50`. */
  readonly hours: string;
  readonly status: 'draft' | 'submitted' | 'approved' | 'rejected' | 'paid';
  /** Legacy has no currency here: what it pays is in EUR. */
  readonly hourlyRate: { readonly amount: string; readonly currency: 'EUR' };
  readonly billable: boolean;
  readonly note: string | null;
  readonly rejectionReason: string | null;
  readonly approvedBy: number | null;
  /** ISO 8601, UTC, with milliseconds. */
  readonly approvedAt: string | null;
  readonly paymentNumber: number | null;
  readonly createdAt: string;
  readonly updatedAt: string;
};

/** A translation: the value with the names of the quirks that were canonicalised on the way, or why there is none. */
export type Translated<T> =
  | { readonly ok: true; readonly value: T; readonly quirks: readonly string[] }
  | { readonly ok: false; readonly reason: string };
