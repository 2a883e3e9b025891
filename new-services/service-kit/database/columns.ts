/** Postgres sends bigint as text; what is kept in such a column is a safe integer. */
export const bigintAsNumber = {
  to: (value: number | null) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};
