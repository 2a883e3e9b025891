import { secretByName } from './secret-names.ts';
import type { Span } from './span.ts';

/** What `var_dump` of PHP writes of a member: `["pin"]=> string(4) "4711"`, in JSON text with its quotes and ends of lines escaped. */
const MEMBER =
  /\[\\?"([\w-]{1,64})\\?"(?::[^\]\r\n]{1,80})?\]=>(?:\s|\\n|\\r){0,40}(?:string\((\d{1,7})\) (\\?")|(?:int|float)\()/g;
const INSERT =
  /\b(?:insert|replace)\s{1,20}(?:into|ignore into)\s{1,20}[\w.`"[\]\\]{1,200}\s{0,20}\(([^()]{1,4000})\)\s{0,20}values?\s{0,20}(?=\()/gi;

/** Values as PHP dumps them, and as SQL inserts them, where a name or a column says that they are secrets. */
export function* dumps(text: string): Iterable<Span> {
  let done = 0;
  for (const { index, 0: head, 1: name, 2: length, 3: quote } of text.matchAll(MEMBER)) {
    const kind = secretByName(name!);
    if (kind === null || index < done) continue;
    const from = index + head.length;
    // Nothing in it is escaped but by what wrote the text around it: its length says where it ends, unless that counts bytes.
    const counted = from + Number(length ?? 0);
    const isCounted = quote !== undefined && text.startsWith(quote, counted);
    const end = isCounted ? counted : text.indexOf(quote ?? ')', from);
    const to = end === -1 ? text.length : end;
    done = to;
    if (to > from) yield { from, to, kind };
  }
  done = 0;
  for (const { index, 0: head, 1: columns } of text.matchAll(INSERT)) {
    if (index < done) continue;
    const kinds = columns!.split(',').map((column) => secretByName(column.trim().replace(/[`"[\]\\]/g, '')));
    if (kinds.some((kind) => kind !== null)) done = yield* inserted(text, index + head.length, kinds);
  }
}

/** A text in quotes, or anything else up to the next comma; calls (`now()`) count as one with what they hold. */
const CELL = /\s*(?:[nN]?'((?:[^'\\]|''|\\.)*)'?|((?:[^,()']|\([^()]*\))*))\s*/sy;

/** The secrets of `(…), (…)`; returns how far it has read. */
function* inserted(text: string, start: number, kinds: readonly (string | null)[]): Generator<Span, number> {
  let column = 0;
  let at = start + 1;
  while (at < text.length) {
    CELL.lastIndex = at;
    const [whole, quoted, bare] = CELL.exec(text)!;
    const value = quoted ?? bare?.trimEnd() ?? '';
    const from =
      at + whole.indexOf(quoted === undefined ? value : `'${value}`) + (quoted === undefined ? 0 : 1);
    const kind = kinds[column] ?? null;
    if (kind !== null && value !== '') yield { from, to: from + value.length, kind };
    at += whole.length;
    if (text[at] === ',') {
      column++;
      at++;
      continue;
    }
    const next =
      text[at] === ')'
        ? /^\)\s{0,40}(?:\\n|\\r){0,4}\s{0,40},\s{0,40}(?:\\n|\\r){0,4}\s{0,40}\(/.exec(
            text.slice(at, at + 200),
          )
        : null;
    if (!next) return at;
    column = 0;
    at += next[0].length;
  }
  return at;
}
