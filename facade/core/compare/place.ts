const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** A place on a path as a number (FNV-1a, 32 bits): short, and nothing of a name in it can be read. */
export function placeNumber(place: string): number {
  let hash = OFFSET;
  for (let at = 0; at < place.length; at++) hash = Math.imul(hash ^ place.charCodeAt(at), PRIME);
  return hash >>> 0;
}
