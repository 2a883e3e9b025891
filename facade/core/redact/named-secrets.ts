import type { CompiledRules } from '../compare/index.ts';
import { findSecrets } from './find-secrets.ts';
import { announcedBy, isAnnounced } from './pair-names.ts';
import { type NamedSecret, secretByName } from './secret-names.ts';

type Place = CompiledRules['root'];
export type Learned = { readonly secret: string; readonly kind: string };

/** Names that are looked at in one text, and stretches of it that are read because of one. */
const MOST_NAMES = 20_000;
const MOST_WINDOWS = 64;
const BEFORE_NAME = 100;
const BEHIND_NAME = 2_000;
const MOST_SECRETS = 200;
/** What is told by its form is told by it wherever it is repeated. */
const BY_FORM = new Set(['email', 'card', 'iban']);

/**
 * What names say is a secret in a body of up to a megabyte, and nothing else: a tenth of the time that it takes to find
 * and replace all there are. Behind 200 of them, or 64 places of a text that is neither JSON nor a form, it stops.
 */
export function namedSecrets(body: string, type: string, root: Place): readonly Learned[] {
  const found = new Found();
  if (type === 'application/x-www-form-urlencoded') inForm(body, found);
  else if (!/^\s*[[{"]/.test(body) || !inJson(body, root, found)) inText(body, found);
  return found.secrets;
}

class Found {
  readonly secrets: Learned[] = [];
  windows = 0;
  readonly #kinds = new Map<string, NamedSecret | null>();
  #lookedUp = 0;

  get isFull(): boolean {
    return this.secrets.length >= MOST_SECRETS || this.#lookedUp >= MOST_NAMES;
  }

  add(secret: string, kind: string): void {
    if (this.secrets.length < MOST_SECRETS) this.secrets.push({ secret, kind });
  }

  kindOf(name: string): NamedSecret | null {
    let kind = this.#kinds.get(name);
    if (kind === undefined) {
      this.#lookedUp++;
      kind = secretByName(name);
      this.#kinds.set(name, kind);
    }
    return kind;
  }
}

/** False for what is no JSON. */
function inJson(body: string, root: Place, found: Found): boolean {
  let whole: unknown;
  try {
    whole = JSON.parse(body);
  } catch {
    return false;
  }
  type Waiting = { readonly value: unknown; readonly place: Place; readonly kind: string | null };
  const waiting: Waiting[] = [{ value: whole, place: root, kind: null }];
  for (let next = waiting.pop(); next && !found.isFull; next = waiting.pop()) {
    const { value, place } = next;
    const kind = next.kind ?? (place.ignore ? 'json' : null);
    if (typeof value === 'string') {
      if (kind !== null) found.add(value, kind);
      // JSON in JSON, a query with its values, a form.
      else if (value.length > 8) inText(value, found);
    } else if (Array.isArray(value)) {
      const item = place.item();
      for (const one of value) waiting.push({ value: one, place: item, kind });
    } else if (typeof value === 'object' && value !== null) {
      const members = Object.entries(value);
      const told = members.reduce<NamedSecret | null>(
        (known, [name, says]) => known ?? (typeof says === 'string' ? announcedBy(name, says) : null),
        null,
      );
      for (const [name, one] of members) {
        const own = kind ?? found.kindOf(name) ?? (isAnnounced(name) ? told : null);
        waiting.push({ value: one, place: place.member(name), kind: own });
      }
    }
  }
  return true;
}

function inForm(body: string, found: Found): void {
  for (let from = 0; from < body.length && !found.isFull; ) {
    const next = body.indexOf('&', from);
    const end = next === -1 ? body.length : next;
    const equals = body.indexOf('=', from);
    if (equals !== -1 && equals < end) {
      const name = decoded(body.slice(from, equals));
      const last = /[\w-]+(?=\]?$)/.exec(name.slice(-64))?.[0] ?? '';
      const kind = found.kindOf(name) ?? found.kindOf(last);
      const value = body.slice(equals + 1, end);
      if (kind !== null && value !== '') found.add(decoded(value), kind);
      else if (/^(?:%7B|%5B|[[{])/i.test(value)) inText(decoded(value), found);
    }
    from = end + 1;
  }
}

/** Words before what gives a value, a line that ends, or the end of a tag. */
const NAMES = /(?<![\w-])[\w-]{2,64}(?=\\?["'\]]{0,2}[ \t]{0,3}(?:[:=>\r\n]|%3D))/g;

function inText(text: string, found: Found): void {
  let done = 0;
  for (const { index, 0: name } of text.matchAll(NAMES)) {
    if (index < done) continue;
    if (found.isFull || found.windows >= MOST_WINDOWS) return;
    if (found.kindOf(name) === null) continue;
    found.windows++;
    done = index + name.length + BEHIND_NAME;
    const window = text.slice(Math.max(0, index - BEFORE_NAME), done);
    for (const { from, to, kind } of findSecrets(window))
      if (!BY_FORM.has(kind)) found.add(window.slice(from, to), kind);
  }
}

function decoded(raw: string): string {
  const spoken = raw.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spoken);
  } catch {
    return spoken;
  }
}
