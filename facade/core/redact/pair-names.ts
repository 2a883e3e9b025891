import { type NamedSecret, secretByName } from './secret-names.ts';

const ANNOUNCES = new Set([
  'label',
  'name',
  'key',
  'field',
  'param',
  'parameter',
  'property',
  'attribute',
  'id',
  'path',
]);
const ANNOUNCED = new Set(['value', 'val', 'content', 'data', 'text']);
/** Of what was changed: what says so is a field, not the name of a thing. */
const CHANGED = new Set(['old', 'new', 'oldvalue', 'newvalue', 'previous']);
const LONGEST = 'attribute'.length;

/** Whether a member called so holds what another member of its object names: `{"name":"password","value":"hunter2"}`. */
export function isAnnounced(name: string): boolean {
  return isOneOf(ANNOUNCED, name) || isOneOf(CHANGED, name);
}

/** Whether a member called so names what another one beside it holds. */
export function isAnnouncement(name: string): boolean {
  return isOneOf(ANNOUNCES, name);
}

/** What a member that `says` so makes of the value beside it; null for a member that names none, or no secret. */
export function announcedBy(name: string, says: string): NamedSecret | null {
  if (!isAnnouncement(name)) return null;
  if (name.toLowerCase() !== 'path') return secretByName(says);
  // Of a JSON patch: `{"op":"replace","path":"/user/pin","value":…}`. Paths of pages are called `/auth` and `/session`.
  const kind = secretByName(says.slice(says.lastIndexOf('/') + 1));
  return kind === 'token' ? null : kind;
}

function isOneOf(names: ReadonlySet<string>, name: string): boolean {
  return name.length <= LONGEST && names.has(name.toLowerCase());
}
