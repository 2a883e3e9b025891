import type { z } from 'zod';
import { CIDR_PATTERN, parseCidr } from '../cidr.ts';
import { DURATION_PATTERN, parseDuration } from '../duration.ts';
import { MATCH_PATTERN, parseMatch } from '../match.ts';
import { PERCENT_PATTERN, parsePercent } from '../percent.ts';
import { type Reading, read, refuse } from '../reading.ts';
import { parseSize, SIZE_PATTERN } from '../size.ts';
import { parseStageStep, STAGE_PATTERN } from '../stage-step.ts';
import { parseOrigin, parseUrl } from '../url.ts';
import { list, mapping, orNone, record, text, value } from './value.ts';

/** The kinds of value that plan files are made of, each read once. */
/** A bare `0` needs no unit: YAML reads it as a number. */
const OR_ZERO = { type: ['string', 'integer'], minimum: 0, maximum: 0 };
export const duration = () =>
  value({ title: 'duration', pattern: DURATION_PATTERN, ...OR_ZERO }, parseDuration);
export const durationAboveZero = () =>
  value({ title: 'duration', pattern: DURATION_PATTERN }, (written) => {
    const reading = parseDuration(written);
    return reading.ok && reading.value === 0 ? refuse('a duration above 0', '5s') : reading;
  });
export const size = () => value({ title: 'size', pattern: SIZE_PATTERN, ...OR_ZERO }, parseSize);
/** Of a request head: a request line and a host take some hundred bytes. */
export const headSize = () =>
  value({ title: 'size', pattern: SIZE_PATTERN }, (written) => {
    const reading = parseSize(written);
    return reading.ok && reading.value < 1024 ? refuse('1KiB or more', '16KiB') : reading;
  });
export const sizeOrNone = () => orNone({ title: 'size', pattern: SIZE_PATTERN, ...OR_ZERO }, parseSize);
export const percent = () => value({ title: 'percentage', pattern: PERCENT_PATTERN }, parsePercent);
export const url = () => value({ title: 'URL', pattern: 'https?://.+' }, parseUrl);
export const urlOrNone = () => orNone({ title: 'URL', pattern: 'https?://.+' }, parseUrl);
export const origin = () => value({ title: 'origin', pattern: 'https?://[^/]+/?' }, parseOrigin);
export const cidr = () => value({ title: 'address block', pattern: CIDR_PATTERN }, parseCidr);
export const match = () => value({ title: 'match', pattern: MATCH_PATTERN }, parseMatch);
export const stageStep = () => value({ title: 'stage', pattern: STAGE_PATTERN }, parseStageStep);
export const date = () =>
  value<string>({ title: 'date', pattern: '\\d{4}-\\d{2}-\\d{2}' }, (written) => {
    const real =
      typeof written === 'string' &&
      /^\d{4}-\d{2}-\d{2}$/.test(written) &&
      Number.isFinite(Date.parse(written)) &&
      new Date(written).toISOString().startsWith(written);
    return real ? read(written) : refuse('a calendar date (YYYY-MM-DD)', '2027-03-01');
  });
/** `100/s`: requests a second. */
export const rateOrNone = () =>
  orNone<number>({ title: 'rate', pattern: '\\d+(\\.\\d+)?/s' }, (written) => {
    const found = typeof written === 'string' ? /^(\d+(?:\.\d+)?)\/s$/.exec(written) : null;
    const rate = Number(found?.[1] ?? 0);
    return rate > 0 ? read(rate) : refuse('a rate above 0 a second', '100/s');
  });
/** `1KiB/s`: bytes a second. */
export const byteRateOrNone = () =>
  orNone<number>({ title: 'byte rate', pattern: `${SIZE_PATTERN}/s` }, (written) => {
    const size =
      typeof written === 'string' && written.endsWith('/s') ? parseSize(written.slice(0, -2)) : null;
    return size?.ok && size.value > 0 ? size : refuse('a rate above 0 in bytes a second', '1KiB/s');
  });

const NAME = '[a-z][a-z0-9-]{0,62}';
export const NAMES = {
  pattern: new RegExp(`^${NAME}$`),
  expected: 'a name of lower-case letters, digits and `-`',
  example: 'articles',
};
export const name = (example: string) =>
  text({ title: 'name', expected: NAMES.expected, example, pattern: NAME });

const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const HEADERS = { pattern: new RegExp(`^${TOKEN}$`), expected: 'a header name', example: 'x-user-id' };
export const headerName = () =>
  text({
    title: 'header name',
    expected: HEADERS.expected,
    example: HEADERS.example,
    pattern: TOKEN,
  }).transform((header) => header.toLowerCase());
/** RFC 6265: a cookie's name is a token. */
export const cookieName = () =>
  text({ title: 'cookie name', expected: 'a cookie name', example: 'sid', pattern: TOKEN });
const headerValue = () =>
  text({
    title: 'text',
    expected: 'a header value without line breaks',
    example: `Bearer \${SHADOW_TOKEN}`,
    pattern: '[\\t\\x20-\\x7e\\x80-\\xff]+',
  });

export const path = (example: string) =>
  text({ title: 'path', expected: 'a path that begins with `/`', example, pattern: '/[^\\s?#]*' });
/** A module or script, relative to the folder that holds the plan folder. */
export const file = (example: string) =>
  value<string>(
    { title: 'file' },
    (written): Reading<string> =>
      typeof written === 'string' && /^[^/\\\s][^\\\n]*$/.test(written)
        ? read(written)
        : refuse('a file, relative to the folder that holds the plan folder', example),
  );
/** A file named absolutely or relative to the plan folder. */
export const fileName = (example: string) =>
  text({ title: 'file', expected: 'a file name', example, pattern: '\\S.*' });
export const word = (title: string, example: string) =>
  text({ title, expected: `a ${title}`, example, pattern: '\\S(.*\\S)?' });
/** Names, `*` and `[*]`, with `..` for any depth. No indices and no filters: differences are told on paths without. */
export const JSON_PATH =
  '\\$(\\.\\.?[^\\s.\\[]+|(\\.\\.)?\\[(\\*|"([^"\\\\]|\\\\.)*"|\'([^\'\\\\]|\\\\.)*\')\\])*';
const JSON_PATHS = {
  pattern: new RegExp(`^${JSON_PATH}$`),
  expected: 'a JSON path of names and `[*]` that begins with `$`',
  example: '$.price',
};
export const jsonPath = (example = '$.price') =>
  text({ title: 'JSON path', expected: JSON_PATHS.expected, example, pattern: JSON_PATH });

export const perJsonPath = <T extends z.ZodType>(item: T, example: string) =>
  record(JSON_PATHS, item, example);

export const headerChange = (example: string) =>
  mapping(
    {
      set: record(HEADERS, headerValue(), example)
        .prefault({})
        .transform((set) =>
          Object.fromEntries(Object.entries(set).map(([header, to]) => [header.toLowerCase(), to])),
        )
        .meta({ description: 'Headers to set, replacing those of the client.' }),
      remove: list(headerName(), '[cookie]').prefault([]).meta({ description: 'Headers to leave out.' }),
    },
    example,
  );

export const VARIABLES = {
  pattern: /^[A-Za-z_]\w*$/,
  expected: 'an environment variable name',
  example: 'LEGACY_URL',
};
