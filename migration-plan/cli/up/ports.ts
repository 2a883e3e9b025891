import type { UpProcess } from '#plan/model/plan.ts';
import { freePort, portIsFree, UpError } from '../databases/process.ts';
import { say } from './say.ts';

/** The port that people type: taken as asked for, or an error that names it; 0 takes a free one. */
export async function facadePort(wanted: number, what: string, flag: string): Promise<number> {
  if (wanted === 0) return freePort();
  if (await portIsFree(wanted)) return wanted;
  throw new UpError(
    'UP_PORT',
    `port ${wanted} (${what}) is in use by another program. Do: stop that program, or start with another port: npm start -- ${flag} ${wanted + 1000}`,
  );
}

/** Inner ports that are taken get another one; nobody has to know them. Returns the variables that say so. */
export async function moveTakenPorts(processes: readonly UpProcess[]): Promise<Record<string, string>> {
  const moved: Record<string, string> = {};
  for (const { name, url, urlVariable } of processes) {
    const port = Number(new URL(url).port || 80);
    if (await portIsFree(port)) continue;
    if (urlVariable === null) {
      throw new UpError(
        'UP_PORT',
        `port ${port} (${name}) is in use by another program. Do: stop that program, or write the address in plan.yaml as "\${${name.toUpperCase().replaceAll('-', '_')}_URL:-${url}}".`,
      );
    }
    moved[urlVariable] = `http://127.0.0.1:${await freePort()}`;
    say(`port ${port} (${name}) is in use by another program; taking ${moved[urlVariable]} instead`);
  }
  return moved;
}
