import { blocks } from './blocks.ts';
import { isCardNumber } from './card.ts';
import { columns } from './columns.ts';
import { dumps } from './dumps.ts';
import { findEmails } from './email.ts';
import { ibanEnd } from './iban.ts';
import { markup } from './markup.ts';
import { assignedValue, credentialAfterScheme, grantedValue, saysNothing } from './named-value.ts';
import { FOREIGN_NAMES, secretByName } from './secret-names.ts';
import type { Span } from './span.ts';
import { dottedKey, vendorKey } from './vendor-keys.ts';

/**
 * All secrets of a text: words that are keys or tokens by their form, numbers of cards and accounts, addresses, private
 * keys, passwords in URLs, and what a name says is one, wherever the two stand to each other (`password=…`,
 * `"token": "…"`, `<dt>PIN</dt><dd>…`, below the heading of a column). Time is linear in the text whatever it holds: each pattern is anchored to a word or reads a bounded number of characters.
 * A text that ends in `…` was cut; what was cut is taken for what it began as.
 */
export function findSecrets(text: string): Span[] {
  return [
    ...urlPasswords(text),
    ...words(text),
    ...foreignNames(text),
    ...findEmails(text),
    ...numbers(text),
    ...dottedCards(text),
    ...accounts(text),
    ...otherKeys(text),
    ...hashes(text),
    ...commands(text),
    ...parts(text),
    ...findApart(text),
  ];
}

/** Secrets that are told by what stands elsewhere: a heading, a label, an element around them, a line before, the head of a key. */
export function findApart(text: string): Span[] {
  const isOneLine = !/[\r\n]/.test(text);
  const named = [...markup(text), ...dumps(text), ...(isOneLine ? [] : [...columns(text), ...blocks(text)])];
  return [...privateKeys(text), ...named.filter(({ from, to }) => !saysNothing(text.slice(from, to)))];
}

function* privateKeys(text: string): Iterable<Span> {
  for (let from = text.indexOf('-----BEGIN '); from !== -1; ) {
    const isPrivate = /^[A-Z0-9 ]{0,40}PRIVATE KEY/.test(text.slice(from + 11, from + 70));
    const end = isPrivate ? text.indexOf('-----END ', from) : from;
    const closing = end === -1 ? -1 : text.indexOf('-----', end + 9);
    const to = closing === -1 ? text.length : closing + 5;
    if (isPrivate) yield { from, to, kind: 'private-key' };
    from = text.indexOf('-----BEGIN ', isPrivate ? to : from + 11);
  }
}

/** `https://user:password@host` */
function* urlPasswords(text: string): Iterable<Span> {
  for (const { index } of text.matchAll(/:\/\//g)) {
    const authority = /^[^/?#\s"'<>\\]*/.exec(text.slice(index + 3, index + 515))![0];
    const [at, colon] = [authority.lastIndexOf('@'), authority.indexOf(':')];
    if (colon !== -1 && colon + 1 < at)
      yield { from: index + 4 + colon, to: index + 3 + at, kind: 'password' };
  }
}

function* words(text: string): Iterable<Span> {
  const next = /[A-Za-z0-9_-]+/g;
  for (let found = next.exec(text); found; found = next.exec(text)) {
    const [from, to] = [found.index, next.lastIndex];
    const span =
      token(text, from, to) ??
      credentialAfterScheme(text, from, to) ??
      assignedValue(text, from, to) ??
      grantedValue(text, from, to);
    if (!span) continue;
    yield span;
    next.lastIndex = Math.max(to, span.to);
  }
}

/** Names of passwords that are no word of `A-Z a-z 0-9 _ -`. */
function* foreignNames(text: string): Iterable<Span> {
  let done = 0;
  for (const { index, 0: name } of text.matchAll(FOREIGN_NAMES)) {
    // Within the value of the one before.
    if (index < done) continue;
    const span = assignedValue(text, index, index + name.length);
    if (!span) continue;
    yield span;
    done = span.to;
  }
}

/** A word, or words with dots between, that are a key or token by their form. */
function token(text: string, from: number, to: number): Span | null {
  const word = text.slice(from, to);
  const cut = text[to] === '…';
  const kind = vendorKey(word, cut);
  if (kind) return { from, to, kind };
  if (word.length < 2 || text[to] !== '.') {
    return word.startsWith('eyJ') && word.length >= 16 && cut ? { from, to: to + 1, kind: 'jwt' } : null;
  }
  if (!word.startsWith('eyJ') && !dottedKey(word, Number.POSITIVE_INFINITY)) return null;
  const parts = /(?:\.[A-Za-z0-9_-]*){1,6}/y;
  parts.lastIndex = to;
  const end = to + (parts.exec(text)?.[0].length ?? 0);
  const dots = text.slice(to, end).split('.').length - 1;
  if (word.startsWith('eyJ')) return dots >= 2 || text[end] === '…' ? { from, to: end, kind: 'jwt' } : null;
  const dotted = dottedKey(word, end - from);
  return dotted ? { from, to: end, kind: dotted } : null;
}

function* numbers(text: string): Iterable<Span> {
  for (const { index: start, 0: run } of text.matchAll(/\d(?:[ \u00a0\u2007\u2009\u2011\u202f-]?\d){7,}/g)) {
    const end = start + run.length;
    // Part of a word, or of a decimal fraction.
    const joinedBefore = /[A-Za-z0-9_]$|\d\.$/.test(text.slice(Math.max(0, start - 2), start));
    const joinedAfter = /^[A-Za-z0-9_]|^\.\d/.test(text.slice(end, end + 2));
    const groups = [...run.matchAll(/\d+/g)].map(({ index, 0: digits }) => ({
      from: start + index,
      to: start + index + digits.length,
    }));
    for (let first = joinedBefore ? 1 : 0; first < groups.length; first++) {
      const last = cardEnd(text, groups, first, joinedAfter ? end : Number.POSITIVE_INFINITY);
      if (last === null) continue;
      yield { from: groups[first]!.from, to: groups[last]!.to, kind: 'card' };
      first = last;
    }
  }
}

/** Card numbers with dots, which elsewhere stand in fractions, versions and addresses. */
function* dottedCards(text: string): Iterable<Span> {
  for (const { index: from, 0: run } of text.matchAll(
    /(?<![\w.])\d{4}\.(?:\d{4}\.\d{4}(?:\.\d{4})?\.\d{1,4}|\d{6}\.\d{4,5})(?!\w|\.\d)/g,
  )) {
    if (isCardNumber(run)) yield { from, to: from + run.length, kind: 'card' };
  }
}

/** Index of the last group of the card number that begins with group `first`; null for none. */
function cardEnd(
  text: string,
  groups: readonly { readonly from: number; readonly to: number }[],
  first: number,
  before: number,
): number | null {
  for (let last = first; last < Math.min(groups.length, first + 5); last++) {
    const { to } = groups[last]!;
    const digits = text.slice(groups[first]!.from, to);
    if (to < before && isCardNumber(digits)) return last;
    if (text[to] === '…' && digits.length >= 8 && /^[3-6]/.test(digits)) return last;
  }
  return null;
}

function* accounts(text: string): Iterable<Span> {
  for (const { index: from } of text.matchAll(/(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?= ?[A-Z0-9])/g)) {
    const to = ibanEnd(text, from);
    if (to !== null) yield { from, to, kind: 'iban' };
  }
}

/** Keys with other characters than words have. Azure's account keys are 64 bytes in base64; a digest says so before it. */
function* otherKeys(text: string): Iterable<Span> {
  for (const { index: from } of text.matchAll(/(?<![A-Za-z0-9+/-])[A-Za-z0-9+/]{86}==/g)) {
    yield { from, to: from + 88, kind: 'azure' };
  }
  for (const { index: from, 0: secret } of text.matchAll(/(?<![\w~.])[\w~.]{3}\dQ~[\w~.-]{31,34}/g)) {
    yield { from, to: from + secret.length, kind: 'azure' };
  }
  for (const { index: from, 0: secret } of text.matchAll(
    /(?<![A-Za-z0-9])(?:bot)?\d{8,10}:[\w-]{35}(?![\w-])/g,
  )) {
    yield { from, to: from + secret.length, kind: 'telegram' };
  }
  for (const { index, 0: found, 1: secret = '' } of text.matchAll(
    /\/api\/webhooks\/\d{15,20}\/([\w-]{30,100})/g,
  )) {
    yield { from: index + found.length - secret.length, to: index + found.length, kind: 'discord' };
  }
  for (const { index, 0: found } of text.matchAll(
    /(?<=\/services\/)T[A-Z0-9]{6,12}\/B[A-Z0-9]{6,12}\/[A-Za-z0-9]{16,32}/g,
  )) {
    yield { from: index, to: index + found.length, kind: 'slack' };
  }
  for (const { index, 0: address } of text.matchAll(/hooks\.slack\.com\/services\//g)) {
    const from = index + address.length;
    const rest = /^[\w/]*/.exec(text.slice(from, from + 200))![0];
    if (rest !== '') yield { from, to: from + rest.length, kind: 'slack' };
  }
}

/** What passwords are kept as: bcrypt, argon2 and those of crypt(3). */
function* hashes(text: string): Iterable<Span> {
  for (const { index: from, 0: hash } of text.matchAll(
    /\$(?:2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}|argon2(?:id?|d)\$[\w=,$+/.-]{20,400}|y\$[\w./]{1,32}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}|[156]\$(?:rounds=\d{1,9}\$)?[\w./]{1,32}\$[./A-Za-z0-9]{22,86})/g,
  ))
    yield { from, to: from + hash.length, kind: 'password' };
}

/** `curl -u user:password`, and not `docker run --user 1000:1000` or `rsync -u host:/srv`. */
function* commands(text: string): Iterable<Span> {
  const user = /(?<![\w-])(?:-u|--user|--proxy-user)[ =]{1,3}(["']?)[^\s:"']{1,64}:(?!\/|\d+(?!\S))/g;
  for (const { index, 0: found, 1: quote } of text.matchAll(user)) {
    const from = index + found.length;
    const rest = text.slice(from, from + 200);
    const end = quote ? rest.indexOf(quote) : rest.search(/[\s"']/);
    const to = end === -1 ? from + rest.length : from + end;
    if (to > from) yield { from, to, kind: 'password' };
  }
}

/** Fields of multipart bodies. */
function* parts(text: string): Iterable<Span> {
  if (!text.includes('form-data')) return;
  let done = 0;
  const head = /\bname="([^"\r\n]{1,64})"[^\r\n]{0,100}(?:\r?\n[^\r\n]{1,200}){0,3}\r?\n\r?\n/g;
  for (const { index, 0: found, 1: name } of text.matchAll(head)) {
    const kind = secretByName(name!);
    const from = index + found.length;
    if (!kind || from <= done) continue;
    const end = text.indexOf('\n--', from);
    done = end === -1 ? text.length : end - (text[end - 1] === '\r' ? 1 : 0);
    if (done > from) yield { from, to: done, kind };
  }
}
