/**
 * Numbers the distinct keys of two lists from 0 on, so that the rest of an alignment works on small whole numbers.
 * An open table over typed arrays: a Map of a hundred thousand doubles costs more than all that follows.
 */
export function keyClasses(
  a: readonly number[],
  b: readonly number[],
): { readonly ofA: Int32Array; readonly ofB: Int32Array; readonly count: number } {
  const slots = 2 << Math.ceil(Math.log2(a.length + b.length + 1));
  const keys = new Float64Array(slots);
  const classes = new Int32Array(slots).fill(-1);
  let count = 0;
  const classOf = (key: number) => {
    // Keys are hashes already; their low bits spread.
    let slot = (key | 0) & (slots - 1);
    while (classes[slot] !== -1 && keys[slot] !== key) slot = (slot + 1) & (slots - 1);
    if (classes[slot] === -1) {
      keys[slot] = key;
      classes[slot] = count++;
    }
    return classes[slot] as number;
  };
  const ofA = new Int32Array(a.length);
  const ofB = new Int32Array(b.length);
  for (let index = 0; index < a.length; index++) ofA[index] = classOf(a[index] as number);
  for (let index = 0; index < b.length; index++) ofB[index] = classOf(b[index] as number);
  return { ofA, ofB, count };
}
