import type { CompiledRules } from '../compare/index.ts';
import { isCardNumber } from './card.ts';
import { announcedBy, isAnnounced } from './pair-names.ts';
import type { Placeholders } from './placeholders.ts';
import { countsSecrets, type NamedSecret, secretByName } from './secret-names.ts';

type Place = CompiledRules['root'];

export type JsonRedaction = {
  /** Where the plan's paths stand at the root of this text. */
  readonly place: Place;
  /** The kind of secret that the root itself is; null when it is none. */
  readonly kind: string | null;
  readonly placeholders: Placeholders;
  /** Secrets within a text of their own. */
  readonly text: (text: string) => string;
};

type Level = {
  readonly place: Place;
  /** Everything below is a secret of this kind. */
  readonly kind: string | null;
  readonly isObject: boolean;
  /** Of the member whose value comes next. */
  member: { readonly name: string; readonly place: Place; readonly kind: string | null } | null;
  /** What another member of this object says that its value is: `{"name":"password","value":"hunter2"}`. */
  announced: NamedSecret | null;
  /** Where in the result a value stands that nothing has announced yet, and what it was. */
  readonly unannounced: { readonly from: number; readonly raw: string }[];
};

/**
 * Replaces the secrets of JSON text in place: all that stays is the same to the byte, also numbers that a double cannot
 * hold, and text that is cut or no JSON. A string stays a string and a number a number; true, false and null stay.
 */
export function redactJson(text: string, redaction: JsonRedaction): string {
  const levels: Level[] = [];
  let result = '';
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    const top = levels.at(-1);
    if (character === '"') {
      const end = stringEnd(text, at);
      const raw = text.slice(at, end);
      const isName = top?.isObject === true && top.member === null;
      if (isName) top.member = memberOf(top, decoded(raw));
      const kind = isName ? null : here(levels, redaction).kind;
      if (!isName && top?.member) result = announce(result, top, decoded(raw), redaction);
      if (!isName && kind === null) noteUnannounced(top, result.length, raw);
      result += redactString(raw, kind, redaction);
      at = end;
    } else if (character === '-' || (character >= '0' && character <= '9')) {
      const end = numberEnd(text, at);
      const raw = text.slice(at, end);
      const { kind: told } = here(levels, redaction);
      const counts = top?.member && top.kind === null && countsSecrets(top.member.name);
      const kind = counts ? null : told;
      if (kind === null) noteUnannounced(top, result.length, raw);
      result += redactNumber(raw, kind, redaction.placeholders);
      at = end;
    } else if (character === '{' || character === '[') {
      const { place, kind } = here(levels, redaction);
      levels.push({
        place,
        kind,
        isObject: character === '{',
        member: null,
        announced: null,
        unannounced: [],
      });
      result += character;
      at++;
    } else if (character === '}' || character === ']') {
      levels.pop();
      result += character;
      at++;
    } else if (character === ',') {
      if (top) top.member = null;
      result += character;
      at++;
    } else {
      const end = restEnd(text, at);
      const rest = text.slice(at, end);
      // White space, colons, true, false, null, the mark of a cut; from anything else on it is no JSON.
      if (!/^[\s:a-z…]*$/.test(rest)) return result + redaction.text(text.slice(at));
      result += rest;
      at = end;
    }
  }
  return result;
}

/** Place and kind of the value that comes next. */
function here(levels: readonly Level[], root: JsonRedaction): { place: Place; kind: string | null } {
  const top = levels.at(-1);
  if (!top) return { place: root.place, kind: root.kind ?? (root.place.ignore && 'json') };
  if (top.isObject) return top.member ?? { place: top.place, kind: top.kind };
  const place = top.place.item();
  return { place, kind: top.kind ?? (place.ignore && 'json') };
}

function memberOf(level: Level, name: string): NonNullable<Level['member']> {
  const place = level.place.member(name);
  const named = secretByName(name) ?? (isAnnounced(name) ? level.announced : null);
  return { name: name.toLowerCase(), place, kind: level.kind ?? (place.ignore ? (named ?? 'json') : named) };
}

function noteUnannounced(level: Level | undefined, from: number, raw: string): void {
  if (level?.member && isAnnounced(level.member.name)) level.unannounced.push({ from, raw });
}

/** A member that says what the value beside it is; the result with the values that came before it replaced. */
function announce(result: string, level: Level, says: string, redaction: JsonRedaction): string {
  const kind = level.member && announcedBy(level.member.name, says);
  if (kind === null) return result;
  level.announced = kind;
  let replaced = result;
  for (const { from, raw } of level.unannounced.splice(0).toReversed()) {
    const [was, now] = raw.startsWith('"')
      ? [redactString(raw, null, redaction), redactString(raw, kind, redaction)]
      : [redactNumber(raw, null, redaction.placeholders), redactNumber(raw, kind, redaction.placeholders)];
    replaced = replaced.slice(0, from) + now + replaced.slice(from + was.length);
  }
  return replaced;
}

function redactString(raw: string, kind: string | null, { placeholders, text }: JsonRedaction): string {
  const value = decoded(raw);
  if (kind !== null) return value === '' ? raw : JSON.stringify(placeholders.text(value, kind));
  const redacted = text(value);
  return redacted === value ? raw : JSON.stringify(redacted);
}

function redactNumber(raw: string, kind: string | null, placeholders: Placeholders): string {
  return kind !== null || isCardNumber(raw) ? placeholders.digits(raw) : raw;
}

function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}

function numberEnd(text: string, start: number): number {
  const number = /[\d.eE+-]*/y;
  number.lastIndex = start;
  number.exec(text);
  return Math.max(start + 1, number.lastIndex);
}

function restEnd(text: string, start: number): number {
  const next = /["{}[\],\d-]/g;
  next.lastIndex = start + 1;
  return next.exec(text)?.index ?? text.length;
}

/** What a JSON string says; of one that is cut or broken, what stands between its quotes. */
function decoded(raw: string): string {
  try {
    return JSON.parse(raw) as string;
  } catch {
    return raw.slice(1).replace(/"$/, '');
  }
}
