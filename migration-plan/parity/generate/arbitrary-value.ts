import fc from 'fast-check';
import { type Json, merged } from './openapi.ts';

/** Letters that legacy systems trip over: umlauts, other scripts, wildcards, quotes, spaces, more than one byte. */
const LETTERS = fc.constantFrom(...[...'aZ09 äÖßłИ李é€🎉%_\'"\\,;<>&-.@/?#'].map((letter) => letter));
/** Any character. fast-check's own unit of this kind takes seconds to get ready, and makes halves of characters, too. */
const SURROGATES = { first: 0xd800, count: 0x800 };
const CHARACTERS = fc
  .integer({ min: 0, max: 0x10ffff - SURROGATES.count })
  .map((point) => String.fromCodePoint(point < SURROGATES.first ? point : point + SURROGATES.count));
const LONGEST = 40;
/** Schemas that hold themselves end so deep. */
const DEEPEST = 4;
const DAY_MS = 86_400_000;

/** What a value may be: anything that JSON has, or texts alone, as in a form. */
export type Kind = 'json' | 'text';

/** Values that a schema takes, of every kind it names. `contract` is what its references lead into. */
export function arbitraryOf(contract: Json, given: Json, kind: Kind, depth = 0): fc.Arbitrary<unknown> {
  const schema = merged(contract, given);
  if ('const' in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum))
    return fc.constantFrom(...schema.enum.filter((one) => kind === 'json' || typeof one === 'string'));
  const { anyOf, oneOf, ...rest } = schema;
  const parts = ((anyOf ?? oneOf) as Json[] | undefined)?.map((part) => ({
    ...rest,
    ...merged(contract, part),
  }));
  if (parts)
    return fc.oneof(
      ...shallow(
        parts.filter((part) => kind === 'json' || isText(part)),
        depth,
        (part) => typesOf(part).some(isNested),
      ).map((part) => arbitraryOf(contract, part, kind, depth)),
    );
  const taken = typesOf(schema).filter((type) => kind === 'json' || type === 'string' || schema.properties);
  const types = shallow(taken, depth, isNested);
  return fc.oneof(...types.map((type) => ofType(contract, schema, type, kind, depth)));
}

const isNested = (type: string) => type === 'array' || type === 'object';

/** Far down only what holds nothing further, where there is a choice: a schema may hold itself. */
function shallow<T>(all: readonly T[], depth: number, nests: (one: T) => boolean): readonly T[] {
  const flat = depth < DEEPEST ? all : all.filter((one) => !nests(one));
  return flat.length > 0 ? flat : all;
}

function typesOf(schema: Json): string[] {
  if (schema.type === undefined) return [schema.properties ? 'object' : 'string'];
  // a limit counts the text that the value becomes
  const longest = Number(schema.maxLength ?? Number.POSITIVE_INFINITY);
  const shortest: Readonly<Record<string, number>> = {
    object: String({}).length,
    boolean: String(true).length,
  };
  return ([schema.type].flat() as string[]).filter((type) => (shortest[type] ?? 0) <= longest);
}

function isText(schema: Json): boolean {
  const fixed = 'const' in schema ? [schema.const] : (schema.enum as unknown[] | undefined);
  return fixed ? fixed.some((one) => typeof one === 'string') : typesOf(schema).includes('string');
}

function ofType(
  contract: Json,
  schema: Json,
  type: string,
  kind: Kind,
  depth: number,
): fc.Arbitrary<unknown> {
  const longest = Number(schema.maxLength ?? Number.POSITIVE_INFINITY);
  const fits = (value: unknown) =>
    longest === Number.POSITIVE_INFINITY || String(structuredClone(value)).length <= longest;
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean().filter(fits);
    case 'integer':
      return integers(schema);
    case 'number':
      return numbers(schema).filter(fits);
    case 'array':
      if (depth >= DEEPEST && !schema.minItems) return fc.constant([]);
      return fc
        .array(arbitraryOf(contract, (schema.items as Json) ?? { type: 'string' }, kind, depth + 1), {
          minLength: Number(schema.minItems ?? 0),
          maxLength: Number(schema.maxItems ?? 3),
        })
        .filter(fits);
    case 'object':
      return objects(contract, schema, kind, depth);
    default:
      return texts(schema);
  }
}

function integers(schema: Json): fc.Arbitrary<number> {
  const min = Number(schema.minimum ?? -2147483648);
  const max = Number(schema.maximum ?? 2147483647);
  const within = (value: number) => Math.max(min, Math.min(max, value));
  // rows have small numbers; of the others the ends come more often than the middle
  return fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: within(1), max: within(50) }) },
    { weight: 2, arbitrary: fc.integer({ min, max }) },
  );
}

function numbers(schema: Json): fc.Arbitrary<number> {
  const step = Number(schema.multipleOf ?? 0.01);
  const places = String(step).split('.')[1]?.length ?? 0;
  const min = Math.ceil(Number(schema.minimum ?? -1000) / step);
  const below = schema.exclusiveMaximum === undefined ? 0 : 1;
  const max = Math.floor(Number(schema.maximum ?? schema.exclusiveMaximum ?? 1000) / step) - below;
  return fc.integer({ min, max }).map((steps) => Number((steps * step).toFixed(places)));
}

function texts(schema: Json): fc.Arbitrary<string> {
  const longest = Math.min(Number(schema.maxLength ?? LONGEST), LONGEST);
  const shortest = Number(schema.minLength ?? 0);
  const fits = (text: string) => [...text].length <= longest && [...text].length >= shortest;
  if (schema.format === 'german-day') {
    return fc
      .date({ min: new Date(-30_000 * DAY_MS), max: new Date(200_000 * DAY_MS), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10).split('-').reverse().join('.'));
  }
  const format = typeof schema.format === 'string' ? FORMATS[schema.format] : undefined;
  if (format) return format().filter(fits);
  if (typeof schema.pattern === 'string') {
    const pattern = new RegExp(schema.pattern, 'u');
    const made = /\(\?/.test(schema.pattern)
      ? fc.string({ maxLength: longest }).map((text) => `/${text.replace(/[^a-z?=&]/g, '')}`)
      : fc.stringMatching(pattern, { maxLength: longest });
    return made.filter((text) => pattern.test(text) && fits(text));
  }
  return fc.oneof(
    fc.string({ unit: LETTERS, minLength: shortest, maxLength: longest }),
    fc.string({ unit: CHARACTERS, minLength: shortest, maxLength: longest }),
  );
}

const DAY = { min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true };
const FORMATS: Readonly<Record<string, () => fc.Arbitrary<string>>> = {
  uuid: () => fc.uuid(),
  email: () => fc.emailAddress(),
  uri: () => fc.webUrl(),
  date: () => fc.date(DAY).map((date) => date.toISOString().slice(0, 10)),
  'date-time': () => fc.date(DAY).map((date) => date.toISOString()),
};

function objects(contract: Json, schema: Json, kind: Kind, depth: number): fc.Arbitrary<unknown> {
  const properties = (schema.properties ?? {}) as Record<string, Json>;
  if (Object.keys(properties).length === 0) return fc.constantFrom({}, { a: 1 });
  const requiredKeys = ((schema.required as string[]) ?? []).filter((key) => key in properties);
  const fields = Object.entries(properties)
    .filter(([key]) => depth < DEEPEST || requiredKeys.includes(key))
    .map(([key, field]) => [key, arbitraryOf(contract, field, kind, depth + 1)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys });
}
