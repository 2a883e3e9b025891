import { isGranted } from './granting-names.ts';
import { countsSecrets, secretByName } from './secret-names.ts';
import type { Span } from './span.ts';

/** Their values hold spaces and quotes, and reach to the end of the line, or of the quotes that they stand in. */
const WHOLE_LINE = /^(?:set-?cookie|cookie|(?:proxy-?)?authorization)$/i;
const NOTHING = /^(?:true|false|null|none|undefined|nil)$/i;

/** Whether what stands where a secret would says that there is, or is not one. */
export function saysNothing(value: string): boolean {
  return NOTHING.test(value);
}

/**
 * The value that a secret's name, the word from `from` to `to`, is given: `password=x`, `"token": "x"`, `pin: 'x'`,
 * also in JSON within JSON, in LDIF (`userPassword:: x`), as PHP keeps it, and behind a flag (`--password x`).
 */
export function assignedValue(text: string, from: number, to: number): Span | null {
  const name = text.slice(from, to);
  const kind = secretByName(name);
  if (!kind) return null;
  const assign =
    /^(?:\\*["'`]|%22|&quot;|\])?[ \t]{0,3}(?:::?|=>?|%3D|%3A|;s:\d{1,6}:)[ \t]{0,3}(\\*["'`]|%22|&quot;)?/i.exec(
      text.slice(to, to + 40),
    );
  if (!assign) return flagged(text, name, to, kind);
  const start = to + assign[0].length;
  const quote = assign[1];
  if (quote) return quoted(text, start, quote, kind);
  if (countsSecrets(name) && /^\d{1,6}\b/.test(text.slice(start, start + 7))) return null;
  if (!WHOLE_LINE.test(name)) return until(text, start, /[\s&;,"'`<>(){}[\]|\\#]|%26|%22/g, kind);
  const around = /\\*["'`]$/.exec(text.slice(Math.max(0, from - 8), from))?.[0];
  const end = around === undefined ? null : (quoted(text, start, around, kind)?.to ?? null);
  const line = until(text, start, /[\r\n]/g, kind);
  return line && end !== null && end < line.to ? { ...line, to: end } : line;
}

function flagged(text: string, name: string, to: number, kind: string): Span | null {
  const gap = name.startsWith('--') && /^ {1,3}(\\*["'])?(?=[^\s-])/.exec(text.slice(to, to + 8));
  if (!gap) return null;
  const start = to + gap[0].length;
  if (gap[1]) return quoted(text, start, gap[1], kind);
  const found = until(text, start, /[\s"'`]/g, kind);
  // A plain word goes on with a sentence: `the --token option`.
  return found && !/^[a-z]+[.,;:]?$/.test(text.slice(found.from, found.to)) ? found : null;
}

/**
 * What stands behind a name as in URLs (`/reset/x`, `?code=x`) or as a parameter of a header (`nonce="x"`), where name and
 * looks together say that it is a secret.
 */
export function grantedValue(text: string, from: number, to: number): Span | null {
  const separator = /^(?:\/|=["']?|%2F|%3D)/i.exec(text.slice(to, to + 4))?.[0];
  if (separator === undefined) return null;
  const isSegment = separator === '/' || separator === '%2F' || separator === '%2f';
  if (isSegment && !/(?:\/|%2F)$/i.test(text.slice(Math.max(0, from - 3), from))) return null;
  const start = to + separator.length;
  const end = isSegment ? /[^\w.~=+-]/g : /[^\w.~=+/-]/g;
  const found = until(text, start, end, 'secret');
  return found && isGranted(text.slice(from, to), text.slice(found.from, found.to)) ? found : null;
}

/** `Bearer x`, `Basic x`: a scheme of the Authorization header, and what is no plain word after it. */
export function credentialAfterScheme(text: string, from: number, to: number): Span | null {
  const scheme = /^(?:bearer|basic|negotiate|token|apikey|bot)$/i
    .exec(text.slice(from, to))?.[0]
    .toLowerCase();
  const gap = scheme && /^(?: {1,3}|%20|\+)/.exec(text.slice(to, to + 3))?.[0];
  if (!gap) return null;
  const kind = scheme === 'basic' ? 'basic' : 'bearer';
  const found = until(text, to + gap.length, /[^A-Za-z0-9._~+/=-]/g, kind);
  if (!found || found.to - found.from < 8) return null;
  const credential = text.slice(found.from, text[found.to - 1] === '.' ? found.to - 1 : found.to);
  const proof = scheme === 'bearer' ? /[^A-Za-z]|[a-z][A-Z]/ : /\d|=$|[a-z][A-Z]/;
  return proof.test(credential) ? found : null;
}

function quoted(text: string, start: number, quote: string, kind: string): Span | null {
  let end = text.indexOf(quote, start);
  // With a plain quote a backslash before it escapes it; `\"` as the quote stands for itself.
  while (end !== -1 && quote.length === 1 && isEscaped(text, end)) end = text.indexOf(quote, end + 1);
  return span(text, start, end === -1 ? text.length : end, kind);
}

function isEscaped(text: string, at: number): boolean {
  return text[at - 1] === '\\' && text[at - 2] !== '\\';
}

/** Up to what `end`, a global pattern, finds. */
function until(text: string, start: number, end: RegExp, kind: string): Span | null {
  end.lastIndex = start;
  return span(text, start, end.exec(text)?.index ?? text.length, kind);
}

function span(text: string, from: number, to: number, kind: string): Span | null {
  return to > from && !saysNothing(text.slice(from, Math.min(to, from + 10))) ? { from, to, kind } : null;
}
