import { z } from 'zod';
import { read, refuse } from '#plan/model/reading.ts';
import { compareRules } from '#plan/model/schema/route-schema.ts';
import * as term from '#plan/model/schema/terms.ts';
import { choice, flag, list, mapping, record, text, value, wholeNumber } from '#plan/model/schema/value.ts';
import { CAPTURE_PATH } from './captures.ts';

/** `METHOD /path?query`; `{{name}}` stands for a captured value. */
export type RequestLine = { readonly method: string; readonly path: string };

const WORDS = {
  pattern: /^[A-Za-z_]\w*$/,
  expected: 'a name of letters, digits and `_`',
  example: 'id',
};
const HEADER_NAMES = {
  pattern: /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/,
  expected: 'a header name',
  example: 'if-none-match',
};

const requestLine = (example: string) =>
  value<RequestLine>({ title: 'request', pattern: '[A-Z]+ /.*' }, (written) => {
    const found = typeof written === 'string' ? /^([A-Z]+) (\/[^\s#]*)$/.exec(written) : null;
    return found
      ? read({ method: found[1] as string, path: found[2] as string })
      : refuse('`METHOD /path`, spaces in the path as `%20`', example);
  });

const anyText = (title: string, example: string) =>
  value<string>({ title: 'text' }, (written) =>
    typeof written === 'string' ? read(written) : refuse(title, example),
  );

/** What is sent, and how the answers are judged. */
const stepKeys = {
  as: term.word('user', 'admin').optional(),
  request: requestLine('GET /api/articles'),
  headers: record(HEADER_NAMES, anyText('a text', '"text"'), '{ if-none-match: "*" }').prefault({}),
  json: z.unknown().optional(),
  form: record({ ...WORDS, pattern: /^.+$/ }, anyText('a text', '"text"'), '{ title: A }').optional(),
  body: anyText('a text', '"text"').optional(),
  status: wholeNumber(100, 599).optional(),
  capture: record(
    WORDS,
    text({
      title: 'place in an answer',
      expected: 'a JSON path, or `header:NAME`',
      example: '$.id',
      pattern: CAPTURE_PATH,
    }),
    '{ id: $.id }',
  ).prefault({}),
  compare: compareRules(list(term.headerName(), '[content-type]').optional()).optional(),
};
const step = mapping(stepKeys, '{ request: GET /api/articles }');

/** `parity/ROUTE.parity.yaml`: the one source of its keys, types and defaults. */
export const suiteSchema = mapping(
  {
    parity: term.name('articles'),
    users: record(
      WORDS,
      mapping(
        {
          request: requestLine('POST /api/login'),
          headers: stepKeys.headers,
          json: stepKeys.json,
          form: stepKeys.form,
          at: choice('legacy', 'each').prefault('legacy'),
        },
        '{ request: POST /api/login }',
      ),
      '{ admin: { request: POST /api/login } }',
    ).prefault({}),
    compare: stepKeys.compare,
    cases: list(
      mapping(
        {
          name: term.word('name', 'the second page'),
          skip: term.word('reason', 'legacy answers with its own time').optional(),
          safe: flag().prefault(false),
          ...stepKeys,
          request: stepKeys.request.optional(),
          steps: list(step, '[{ request: GET /api/articles }]', 1).optional(),
        },
        '{ name: list, request: GET /api/articles }',
      ),
      '[{ name: list, request: GET /api/articles }]',
      1,
    ),
  },
  'parity: articles',
);
