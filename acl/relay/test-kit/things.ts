import { RowReader } from '../../translator-kit/row-reader.ts';

type Row = Readonly<Record<string, unknown>>;
type Thing = {
  readonly amount: string | null;
  readonly born: string | null;
  readonly day: string | null;
  readonly seen: string | null;
  readonly isOn: boolean;
  readonly label: string | null;
  readonly old: string | null;
  readonly fixed: string | null;
  readonly ref: string | null;
  readonly lossy: number | null;
};

const text = (value: unknown): string | null =>
  value === null || value === undefined ? null : String(value);
const isZero = (day: unknown) => day === '0000-00-00';

/** One column of each awkward sort. `lossy` is read wrongly, and written back as wrongly: both stores then agree. */
export const dataSet = {
  tables: {
    things: {
      key: 'code',
      toSync(row: Row) {
        const reader = new RowReader(row);
        const value: Thing & { refused?: true } = {
          amount: reader.nullable('amount', (column) => reader.decimal(column, 4)),
          born: reader.nullable('born', reader.instant),
          day: isZero(row.day) ? null : text(row.day),
          seen: reader.nullable('seen', reader.instant),
          isOn: reader.boolean('is_on'),
          label: text(row.label),
          old: text(row.old),
          fixed: text(row.fixed),
          ref: text(row.ref),
          lossy: row.lossy === null ? null : Number(row.lossy),
          ...(row.label === 'refuse me' ? { refused: true as const } : {}),
        };
        const key = String(row.code);
        if (reader.reasons.length > 0) return { key, rejected: reader.reasons.join('; ') };
        return { key, value, quirks: isZero(row.day) ? ['zero-day'] : [] };
      },
      fromSync(value: unknown) {
        const { amount, born, seen, isOn, ...rest } = value as Thing;
        const short = amount?.replace(/\.?0+$/, '') ?? null;
        return { ...rest, is_on: isOn, amount: short, born, seen };
      },
      quirkColumns: { 'zero-day': ['day'] },
    },
    bigs: {
      key: 'id',
      toSync: (row: Row) => ({
        key: String(row.id),
        value: { id: String(row.id), label: text(row.label) },
        quirks: [],
      }),
      fromSync: (value: unknown) => value as Readonly<Record<string, unknown>>,
    },
  },
};
