import { usage } from '../usage.ts';

export const TYPES = ['text', 'integer', 'decimal', 'boolean', 'date', 'timestamp'] as const;
type FieldType = (typeof TYPES)[number];

/** A field of the new model and the column of the legacy table that it comes from. */
export type Field = {
  readonly name: string;
  readonly column: string;
  readonly type: FieldType;
  readonly nullable: boolean;
};

const SPEC = /^([a-z][A-Za-z0-9]*)(?:=([A-Za-z_$][\w$]*))?:([a-z]+)(\?)?$/;
/** What every generated model has of its own. */
const TAKEN = new Set(['id', 'number', 'version']);
/** Of MySQL and Postgres. */
const LONGEST = 60;
const FLAG = '--field';
const EXAMPLE = `${FLAG} title=prj_title:text --field budget=prj_budget:decimal?`;

/** Reads `name[=column]:type[?]`; throws usage failures that say what to write. */
export function readFields(specs: readonly string[], key: string): Field[] {
  const fields = specs.map(readField);
  const twice = (of: (field: Field) => string) =>
    fields.map(of).find((value, index, all) => all.indexOf(value) !== index);
  const name = twice((field) => snake(field.name)) ?? twice(({ column }) => column);
  if (name !== undefined) throw usage(FLAG, 'each name and each column once', `${name} twice`, EXAMPLE);
  if (fields.some(({ column }) => column === key))
    throw usage(FLAG, 'columns besides the key', `the key \`${key}\``, EXAMPLE);
  return fields;
}

function readField(spec: string): Field {
  const [, name, column, type, optional] = SPEC.exec(spec) ?? [];
  const known = TYPES.find((one) => one === type);
  if (name === undefined || known === undefined)
    throw usage(
      FLAG,
      `name:TYPE or name=column:TYPE, TYPE one of ${TYPES.join(', ')}, with ? when it can be NULL`,
      spec,
      EXAMPLE,
    );
  if (TAKEN.has(name))
    throw usage(FLAG, `a name besides ${[...TAKEN].join(', ')}, which every service has`, name, EXAMPLE);
  if (name in Object.prototype || name === 'prototype')
    throw usage(FLAG, 'a name that not every object has already', name, EXAMPLE);
  if (name.length > LONGEST || (column ?? '').length > LONGEST)
    throw usage(FLAG, `names of at most ${LONGEST} characters`, spec, EXAMPLE);
  return { name, column: column ?? snake(name), type: known, nullable: optional !== undefined };
}

/** `hourlyRate` and `hourly-rate` are `hourly_rate`. */
export function snake(name: string): string {
  return name.replaceAll('-', '_').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** How one type is written in each of the places that a service is made of. */
type Writing = {
  readonly ts: string;
  readonly legacyTs: string;
  readonly about?: string;
  readonly zod: string;
  readonly sql: string;
  readonly typeorm: string;
  /** A method of RowReader. */
  readonly reader: string;
  /** Source of values: what the new model holds, another one, and what its column holds. */
  readonly sample: string;
  readonly other: string;
  readonly wrong: string;
  readonly legacySample: string;
  readonly legacyOther: string;
  readonly arbitrary: string;
  readonly legacyArbitrary: string;
  /** From the value `v` to what the legacy column holds. */
  readonly toLegacy: (v: string) => string;
};

const plain = (v: string) => v;
const WRITINGS: Readonly<Record<FieldType, Writing>> = {
  text: {
    ts: 'string',
    legacyTs: 'string',
    zod: 'textOf(65_535)',
    sql: 'text',
    typeorm: "type: 'text'",
    reader: 'text',
    sample: "'A text'",
    other: "'Another text'",
    wrong: '7',
    legacySample: "'A text'",
    legacyOther: "'Another text'",
    arbitrary: 'fc.string({ maxLength: 40 })',
    legacyArbitrary: 'fc.string({ maxLength: 40 })',
    toLegacy: plain,
  },
  integer: {
    ts: 'number',
    legacyTs: 'number',
    zod: 'z.int()',
    sql: 'bigint',
    typeorm: "type: 'bigint', transformer: bigintAsNumber",
    reader: 'integer',
    sample: '42',
    other: '43',
    wrong: '4.5',
    legacySample: '42',
    legacyOther: '43',
    arbitrary: 'fc.integer()',
    legacyArbitrary: 'fc.integer()',
    toLegacy: plain,
  },
  decimal: {
    ts: 'string',
    legacyTs: 'string',
    about: 'Decimal with two places: `95.00`.',
    zod: 'decimalText',
    sql: 'numeric(17, 2)',
    typeorm: "type: 'numeric', precision: 17, scale: 2",
    reader: 'decimal',
    sample: "'95.00'",
    other: "'96.50'",
    wrong: "'95'",
    legacySample: "'95.00'",
    legacyOther: "'96.50'",
    arbitrary: 'amount',
    legacyArbitrary: 'amount',
    toLegacy: plain,
  },
  boolean: {
    ts: 'boolean',
    legacyTs: '0 | 1',
    zod: 'z.boolean()',
    sql: 'boolean',
    typeorm: "type: 'boolean'",
    reader: 'boolean',
    sample: 'true',
    other: 'false',
    wrong: "'yes'",
    legacySample: '1',
    legacyOther: '0',
    arbitrary: 'fc.boolean()',
    legacyArbitrary: 'fc.constantFrom(0 as const, 1 as const)',
    toLegacy: (v) => `${v} ? 1 : 0`,
  },
  date: {
    ts: 'string',
    legacyTs: 'string',
    about: '`YYYY-MM-DD`.',
    zod: 'isoDate',
    sql: 'date',
    typeorm: "type: 'date'",
    reader: 'date',
    sample: "'2026-02-28'",
    other: "'2026-03-01'",
    wrong: "'2026-02-30'",
    legacySample: "'2026-02-28'",
    legacyOther: "'2026-03-01'",
    arbitrary: 'day',
    legacyArbitrary: 'day',
    toLegacy: plain,
  },
  timestamp: {
    ts: 'string',
    legacyTs: 'string',
    about: 'ISO 8601, UTC, with milliseconds.',
    zod: 'isoInstant',
    sql: 'timestamptz(3)',
    typeorm: "type: 'timestamptz', precision: 3",
    reader: 'instant',
    sample: "'2026-01-02T03:04:05.000Z'",
    other: "'2026-01-02T03:04:06.000Z'",
    wrong: "'yesterday'",
    legacySample: "'2026-01-02 03:04:05'",
    legacyOther: "'2026-01-02 03:04:06'",
    arbitrary: 'second.map((text) => `$' + '{text}.000Z`)',
    legacyArbitrary: "second.map((text) => text.replace('T', ' '))",
    toLegacy: (v) => `columnFromInstant(${v})`,
  },
};

/** What the templates ask of a field; every value is source text. */
export function written(field: Field) {
  const { name, column, type, nullable } = field;
  const writing = WRITINGS[type];
  const value = `value.${name}`;
  const orNull = (source: string) => (nullable ? `${source} | null` : source);
  const optional = (arbitrary: string) => (nullable ? `fc.option(${arbitrary}, { nil: null })` : arbitrary);
  const text = JSON.stringify(column);
  const row = `row.${snake(name)}`;
  const isTime = type === 'timestamp';
  return {
    ...writing,
    name,
    type,
    nullable,
    columnKey: column,
    snake: snake(name),
    ts: orNull(writing.ts),
    legacyTs: orNull(writing.legacyTs),
    rowTs: orNull(isTime ? 'Date' : writing.ts),
    about: [writing.about, nullable ? 'Null when there is none.' : undefined].filter(Boolean).join(' '),
    zod: nullable ? `${writing.zod}.nullable()` : writing.zod,
    typeorm: `{ ${writing.typeorm}${nullable ? ', nullable: true' : ''} }`,
    read: nullable
      ? `reader.nullable(${text}, reader.${writing.reader})`
      : `reader.${writing.reader}(${text})`,
    arbitrary: optional(writing.arbitrary),
    legacyArbitrary: optional(writing.legacyArbitrary),
    toLegacy:
      nullable && writing.toLegacy(value) !== value
        ? `${value} === null ? null : ${writing.toLegacy(value)}`
        : writing.toLegacy(value),
    toRow: (entity: string) => {
      const own = `${entity}.${name}`;
      if (!isTime) return own;
      return nullable ? `${own} === null ? null : new Date(${own})` : `new Date(${own})`;
    },
    fromRow: isTime ? (nullable ? `${row}?.toISOString() ?? null` : `${row}.toISOString()`) : row,
  };
}
