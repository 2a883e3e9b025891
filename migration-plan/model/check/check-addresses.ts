import { type PlanFile, valueAt } from '../plan-file.ts';

/** Two processes of `up` cannot listen at one address. */
export function checkAddresses(plan: PlanFile): void {
  const up = valueAt(plan.value, ['up']);
  if (typeof up !== 'object' || up === null) return;
  const taken = new Map<string, string>();
  for (const name of Object.keys(up)) {
    const url = valueAt(plan.value, ['up', name, 'url']);
    if (typeof url !== 'string' || !URL.canParse(url)) continue;
    const { host } = new URL(url);
    const other = taken.get(host);
    if (other === undefined) taken.set(host, name);
    else {
      plan.report(
        ['up', name, 'url'],
        `expected an address of its own, got {got}, where \`${other}\` listens. Write another port.`,
      );
    }
  }
}
