import type { Work } from './align.ts';
import { hashJson } from './hash-json.ts';
import { isContainer, JsonList, JsonObject, type JsonValue } from './json-value.ts';
import type { Place } from './rules.ts';

const USUAL_KEYS = ['id', '_id', 'uuid', 'guid', 'key', 'slug', 'code', 'number', 'href', 'url', 'name'];
const MAX_MEMBERS = 64;
const MAX_CANDIDATES = 16;

/** Share of members, or of entries by position, that are equal: 0 to 1. Looks at 64 of them at most. */
export function similarity(a: JsonValue, b: JsonValue, place: Place): number {
  if (a instanceof JsonObject && b instanceof JsonObject) return objectSimilarity(a, b, place);
  if (a instanceof JsonList && b instanceof JsonList) {
    const below = place.item();
    const seen = Math.min(Math.max(a.items.length, b.items.length), MAX_MEMBERS);
    let equal = 0;
    for (let index = 0; index < Math.min(a.items.length, b.items.length, seen); index++)
      if (hashJson(a.items[index] as JsonValue, below) === hashJson(b.items[index] as JsonValue, below))
        equal++;
    return seen === 0 ? 1 : equal / seen;
  }
  return hashJson(a, place) === hashJson(b, place) ? 1 : 0;
}

function objectSimilarity(a: JsonObject, b: JsonObject, place: Place): number {
  const seen = Math.min(Math.max(a.names.length, b.names.length), MAX_MEMBERS);
  const inB = new Map<string, number>();
  for (let index = 0; index < Math.min(b.names.length, MAX_MEMBERS); index++)
    inB.set(
      b.names[index] as string,
      hashJson(b.values[index] as JsonValue, place.member(b.names[index] as string)),
    );
  let equal = 0;
  for (let index = 0; index < Math.min(a.names.length, MAX_MEMBERS); index++) {
    const name = a.names[index] as string;
    if (inB.get(name) === hashJson(a.values[index] as JsonValue, place.member(name))) equal++;
  }
  return seen === 0 ? 1 : Math.min(equal / seen, 1);
}

/** Hash of the member's value; null where the entry has no such member, or a list, an object or nothing in it. */
export function memberHash(entry: JsonValue, name: string, place: Place): number | null {
  if (!(entry instanceof JsonObject)) return null;
  const value = entry.values[entry.names.lastIndexOf(name)];
  return value === undefined || value === null || isContainer(value)
    ? null
    : hashJson(value, place.member(name));
}

/**
 * The member that tells entries apart: every entry has it, no two on one side share its value, and at least half of
 * the values of the shorter side stand on the other too. Of several the one with most common values, then a usual
 * name. Null without one, and for fewer than two entries on either side.
 */
export function inferKey(
  a: readonly JsonValue[],
  b: readonly JsonValue[],
  place: Place,
  work: Work,
): string | null {
  const [model] = a;
  if (!(model instanceof JsonObject) || a.length < 2 || b.length < 2) return null;
  const best = mostCommon(byUsualness(model.names), a, b, place, work);
  return best && best.common * 2 >= Math.min(a.length, b.length) ? best.name : null;
}

type Common = { readonly name: string; readonly common: number };

/** The first of the members whose values tell entries apart on both sides and are common to most of them. */
function mostCommon(
  names: readonly string[],
  a: readonly JsonValue[],
  b: readonly JsonValue[],
  place: Place,
  work: Work,
): Common | null {
  let best: Common | null = null;
  for (const name of names.slice(0, MAX_CANDIDATES)) {
    if (place.member(name).ignore || !work.spend(a.length + b.length)) continue;
    const inA = distinct(a, name, place);
    const inB = inA && distinct(b, name, place);
    if (!inA || !inB) continue;
    let common = 0;
    for (const value of inA) if (inB.has(value)) common++;
    if (common > (best?.common ?? 0)) best = { name, common };
  }
  return best;
}

/** Names of members that say which thing an entry is. */
const IDENTITY = /(?:^|[_-])(?:id|uuid|guid|key|no|nr|number)$|(?:Id|ID|Uuid|UUID|Key|No|Nr|Number)$|^slug$/;

/**
 * The member that says which thing an entry is: named like an identity, in every entry, no two on one side share its
 * value, and some things stand on both sides. Of several the one with most common values, then a usual name. Null
 * without one.
 */
export function inferIdentity(
  a: readonly JsonValue[],
  b: readonly JsonValue[],
  place: Place,
  work: Work,
): string | null {
  const [model] = a;
  if (!(model instanceof JsonObject)) return null;
  const names = byUsualness(model.names).filter((name) => IDENTITY.test(name));
  return mostCommon(names, a, b, place, work)?.name ?? null;
}

function byUsualness(names: readonly string[]): string[] {
  const usual = USUAL_KEYS.filter((name) => names.includes(name));
  return [...usual, ...names.slice(0, MAX_MEMBERS).filter((name) => !usual.includes(name))];
}

function distinct(entries: readonly JsonValue[], name: string, place: Place): Set<number> | null {
  const values = new Set<number>();
  for (const entry of entries) {
    const value = memberHash(entry, name, place);
    if (value === null || values.has(value)) return null;
    values.add(value);
  }
  return values;
}
