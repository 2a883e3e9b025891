/**
 * The argument at which `holds` turns from true to false, to within the distance halved `steps` times: `holds` is true at `from`, false at
 * `to` (either may be the smaller) and turns once between them.
 */
export function turningPoint(from: number, to: number, holds: (at: number) => boolean, steps = 60): number {
  let [yes, no] = [from, to];
  for (let step = 0; step < steps; step++) {
    const middle = yes + (no - yes) / 2;
    if (holds(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}
