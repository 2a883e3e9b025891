import type { Plan } from '#plan/model/plan.ts';
import type { BackfillStatus, CaptureStatus } from '../api/relay.ts';
import { UpError } from '../databases/process.ts';
import { say } from './say.ts';

/**
 * Lets writes to every data set follow, and copies those of which not all is known to be copied, as `fig capture install SET`
 * and `fig backfill SET` do. For databases that were made here: whoever moves a route next finds its rows as they are.
 */
export async function firstCopy(plan: Plan, relayToken: string, signal: AbortSignal): Promise<void> {
  if (plan.relay === null) return;
  for (const set of plan.dataSets.keys()) {
    const at = `${plan.relay.url}/v1/sets/${encodeURIComponent(set)}`;
    const url = `${at}/backfill`;
    const ask = (method: string) => askRelay<BackfillStatus>(url, method, relayToken, signal);
    // Before the copy: what is written meanwhile follows.
    const { doubt } = await askRelay<CaptureStatus>(`${at}/capture`, 'POST', relayToken, signal);
    let status = await ask('GET');
    if (status.state === 'done' && doubt === null) continue;
    status = await ask('POST');
    while (status.state === 'running' || status.state === 'idle') {
      await new Promise((resolve) => setTimeout(resolve, 100));
      status = await ask('GET');
    }
    if (status.state !== 'done') {
      const why = status.error ?? 'no reason given';
      say(`the first copy of ${set} is ${status.state}: ${why}. Do: npx fig backfill ${set}`);
      continue;
    }
    const left = status.quarantined > 0 ? `, ${status.quarantined} in quarantine` : '';
    say(
      `copied ${set} into the new service (${status.applied} rows${left}); npx fig backfill ${set} does it again`,
    );
  }
}

async function askRelay<T>(url: string, method: string, token: string, signal: AbortSignal): Promise<T> {
  const answer = await fetch(url, { method, signal, headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) {
    throw new UpError('UP_FIRST_COPY', `${method} ${url} answered ${answer.status}: ${await answer.text()}`);
  }
  return (await answer.json()) as T;
}
