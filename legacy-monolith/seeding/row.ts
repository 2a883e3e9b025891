/** One row, column by column; every value is what the database holds. */
export type Row = Readonly<Record<string, string | number | null>>;
export type TableRow = { readonly table: string; readonly row: Row };

/** How many rows of each; whole numbers ≥ 0. Without `payments` there are as many as follow from the hours, and half as many again. */
export type Sizes = {
  readonly freelancers: number;
  readonly customers: number;
  readonly projects: number;
  readonly timesheets: number;
  readonly payments?: number | undefined;
};

/** Tables in an order in which no row comes before one that it refers to. */
export const TABLES = [
  'users',
  'import_log',
  'customers',
  'freelancers',
  'projects',
  'project_freelancers',
  'payments',
  'timesheets',
  'invoices',
  'credit_notes',
  'notes',
  'import_rejects',
  'stat_month',
  'chg_log',
] as const;

/** Cents as DECIMAL text, so that no float is ever in between. */
export function decimal(ct: number): string {
  return `${Math.floor(ct / 100)}.${String(ct % 100).padStart(2, '0')}`;
}
