import { z } from 'zod';
import { type Reading, read, refusalText, refuse } from '../reading.ts';

/** A value that `${VAR}` may still stand in: what an editor checks must let it through. */
const REFERENCE = '.*\\$\\{.*';

/** How a value is told to an editor: a JSON Schema fragment; `title` is the type's name in the reference. */
type Shown = {
  title: string;
  type?: string | string[];
  pattern?: string;
  enum?: readonly unknown[];
  minimum?: number;
  maximum?: number;
};

/** A schema value read by a parse function: a duration, a size, a match. */
export function value<T>(shown: Shown, parse: (written: unknown) => Reading<T>) {
  const pattern = shown.pattern === undefined ? undefined : `^(${shown.pattern}|${REFERENCE})$`;
  return z
    .unknown()
    .meta({ type: 'string', ...shown, ...(pattern === undefined ? {} : { pattern }) })
    .transform((written, context): T => {
      const reading = parse(written);
      if (reading.ok) return reading.value;
      context.issues.push({
        code: 'custom',
        message: refusalText(reading.expected, reading.write),
        input: written,
      });
      return z.NEVER;
    });
}

/** A value or the word `none`, which reads as null. */
export function orNone<T>(shown: Shown, parse: (written: unknown) => Reading<T>) {
  return value<T | null>(
    {
      ...shown,
      title: `${shown.title} or \`none\``,
      ...(shown.pattern === undefined ? {} : { pattern: `none|${shown.pattern}` }),
    },
    (written) => {
      if (written === 'none') return read(null);
      const reading = parse(written);
      return reading.ok ? reading : refuse(`${reading.expected} or \`none\``, reading.write);
    },
  );
}

/** One of a few words. */
export function choice<const T extends string>(...words: T[]) {
  const listed = words.map((word) => `\`${word}\``).join(', ');
  return value<T>({ title: listed, pattern: words.join('|') }, (written) =>
    words.includes(written as T) ? read(written as T) : refuse(`one of ${listed}`, words[0]!),
  );
}

/** `true` or `false`, also as text, which is what a variable gives. */
export const flag = () =>
  value<boolean>(
    { title: '`true`, `false`', type: ['boolean', 'string'], pattern: 'true|false' },
    (written) => {
      if (written === true || written === 'true') return read(true);
      if (written === false || written === 'false') return read(false);
      return refuse('`true` or `false`', 'true');
    },
  );

const MANY = 1_000_000_000;

/** A whole number, also as text, which is what a variable gives. */
export const wholeNumber = (minimum: number, maximum = MANY) =>
  value<number>(
    { title: 'whole number', type: ['integer', 'string'], pattern: '\\d+', minimum, maximum },
    (written) => {
      const number = typeof written === 'string' && /^\d+$/.test(written) ? Number(written) : written;
      return typeof number === 'number' && Number.isInteger(number) && number >= minimum && number <= maximum
        ? read(number)
        : refuse(
            `a whole number, ${minimum} or more${maximum < MANY ? ` and at most ${maximum}` : ''}`,
            String(Math.max(minimum, 1)),
          );
    },
  );

/** A number above (or, with `orZero`, from) zero. */
export const positiveNumber = (example: string, orZero = false) =>
  value<number>({ title: 'number', type: ['number', 'string'], pattern: '\\d+(\\.\\d+)?' }, (written) => {
    const number = typeof written === 'string' && /^\d+(\.\d+)?$/.test(written) ? Number(written) : written;
    return typeof number === 'number' && Number.isFinite(number) && (number > 0 || (orZero && number === 0))
      ? read(number)
      : refuse(orZero ? 'a number, 0 or more' : 'a number above 0', example);
  });

/** Text that a pattern describes. */
export function text(shown: { title: string; expected: string; example: string; pattern: string }) {
  const whole = new RegExp(`^(?:${shown.pattern})$`, 'u');
  return value<string>({ title: shown.title, pattern: shown.pattern }, (written) =>
    typeof written === 'string' && whole.test(written)
      ? read(written)
      : refuse(shown.expected, shown.example),
  );
}

/** A mapping with exactly these keys; others are refused and the nearest known one is named. */
export function mapping<T extends z.ZodRawShape>(shape: T, example: string) {
  return z
    .strictObject(shape, {
      error: (issue) =>
        issue.code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : refusalText('a mapping', example),
    })
    .meta({ title: 'mapping' });
}

/** A list; `minimum` 1 refuses an empty one. */
export function list<T extends z.ZodType>(item: T, example: string, minimum = 0) {
  const error = refusalText(minimum > 0 ? 'a list with an entry' : 'a list', example);
  const schema = z.array(item, { error });
  return (minimum > 0 ? schema.min(minimum, { error }) : schema).meta({ title: 'list' });
}

/** A mapping from names of the writer's choice. */
export function record<T extends z.ZodType>(
  names: { pattern: RegExp; expected: string; example: string },
  item: T,
  example: string,
) {
  const key = z.string().regex(names.pattern, { error: refusalText(names.expected, names.example) });
  return z
    .record(key, item, { error: refusalText('a mapping', example) })
    .meta({ title: 'mapping of names' });
}
