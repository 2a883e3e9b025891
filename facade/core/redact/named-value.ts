import { countsSecrets, secretByName } from './secret-names.ts';
import type { Span } from './span.ts';

/** Their values hold spaces and reach to the end of the line, or to the quote that is open. */
const WHOLE_LINE = /^(?:set-?cookie|cookie|(?:proxy-?)?authorization)$/i;
const NO_SECRET = /^(?:true|false|null|none|undefined|nil)$/i;

/**
 * The value that a secret's name, the word from `from` to `to`, is given: `password=x`, `"token": "x"`, `pin: 'x'`,
 * `<secret>x</secret>`, also in JSON within JSON.
 */
export function assignedValue(text: string, from: number, to: number): Span | null {
  const name = text.slice(from, to);
  const kind = secretByName(name);
  if (!kind) return null;
  if (text[from - 1] === '<' && text[to] === '>') return until(text, to + 1, /</g, kind);
  const assign =
    /^(?:\\*["'`]|%22|&quot;|\])?[ \t]{0,3}(?::|=>?|%3D|%3A)[ \t]{0,3}(\\*["'`]|%22|&quot;)?/i.exec(
      text.slice(to, to + 40),
    );
  if (!assign) return null;
  const start = to + assign[0].length;
  const quote = assign[1];
  if (quote) return quoted(text, start, quote, kind);
  if (countsSecrets(name) && /^\d{1,6}\b/.test(text.slice(start, start + 7))) return null;
  const end = WHOLE_LINE.test(name) ? /[\r\n"'`]|%22/g : /[\s&;,"'`<>(){}[\]|\\#]|%26|%22/g;
  return until(text, start, end, kind);
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
  return to > from && !NO_SECRET.test(text.slice(from, Math.min(to, from + 10))) ? { from, to, kind } : null;
}
