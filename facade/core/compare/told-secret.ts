import { announcedBy, isAnnounced } from '../redact/pair-names.ts';
import type { NamedSecret } from '../redact/secret-names.ts';
import type { PathSegments } from './json-path.ts';
import type { JsonObject } from './json-value.ts';

/** Many differences may stand below one object, and it may have many members. */
const known = new WeakMap<JsonObject, NamedSecret | null>();

/**
 * The kind of secret that a value is by what stands beside it, or beside what it is a part of, on either side:
 * `{"name":"password","value":"hunter2"}`. `above` are the objects on the path, of both sides in turn.
 */
export function toldSecret(segments: PathSegments, above: readonly JsonObject[]): NamedSecret | null {
  const names = segments.filter((segment) => typeof segment === 'string');
  for (const [depth, name] of names.entries()) {
    if (!isAnnounced(name)) continue;
    for (const object of above.slice(2 * depth, 2 * depth + 2)) {
      const told = toldBy(object);
      if (told !== null) return told;
    }
  }
  return null;
}

function toldBy(object: JsonObject): NamedSecret | null {
  let told = known.get(object);
  if (told === undefined) {
    told = firstTold(object);
    known.set(object, told);
  }
  return told;
}

function firstTold({ names, values }: JsonObject): NamedSecret | null {
  for (const [index, name] of names.entries()) {
    const says = values[index];
    const told = typeof says === 'string' ? announcedBy(name, says) : null;
    if (told !== null) return told;
  }
  return null;
}
