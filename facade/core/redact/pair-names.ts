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
  'path',
  'id',
]);
const ANNOUNCED = new Set([
  ...['value', 'val', 'content', 'data', 'text'],
  // Of what was changed.
  ...['old', 'new', 'oldvalue', 'newvalue', 'from', 'to', 'before', 'after', 'previous'],
]);
const LONGEST = 'parameter'.length;

/** Whether a member called so holds what another member of its object names: `{"name":"password","value":"hunter2"}`. */
export function isAnnounced(name: string): boolean {
  return isOneOf(ANNOUNCED, name);
}

/** Whether a member called so names what another one beside it holds. */
export function isAnnouncement(name: string): boolean {
  return isOneOf(ANNOUNCES, name);
}

/** What a member that `says` so makes of the value beside it; null for a member that names none, or no secret. */
export function announcedBy(name: string, says: string): NamedSecret | null {
  // A path says it with its end: `{"op":"replace","path":"/user/pin","value":…}`.
  return isAnnouncement(name) ? secretByName(says.slice(says.lastIndexOf('/') + 1)) : null;
}

function isOneOf(names: ReadonlySet<string>, name: string): boolean {
  return name.length <= LONGEST && names.has(name.toLowerCase());
}
