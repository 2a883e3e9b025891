import type { Plan } from '#plan/model/plan.ts';
import type { BackfillStatus } from '../api/relay.ts';
import { UpError } from '../databases/process.ts';

/**
 * Copies every data set once through the relay, as `fig backfill SET` does. For a database that was just seeded:
 * whoever moves a route next finds its rows.
 */
export async function firstCopy(plan: Plan, relayToken: string, say: (line: string) => void): Promise<void> {
  if (plan.relay === null) return;
  for (const set of plan.dataSets.keys()) {
    const url = `${plan.relay.url}/v1/sets/${encodeURIComponent(set)}/backfill`;
    let status = await ask(url, 'POST', relayToken);
    while (status.state === 'running' || status.state === 'idle') {
      await new Promise((resolve) => setTimeout(resolve, 100));
      status = await ask(url, 'GET', relayToken);
    }
    if (status.state !== 'done') {
      say(
        `the first copy of ${set} is ${status.state}: ${status.error ?? 'no reason given'}. Do: npx fig backfill ${set}`,
      );
      continue;
    }
    const left = status.quarantined > 0 ? `, ${status.quarantined} in quarantine` : '';
    say(
      `copied ${set} into the new service (${status.applied} rows${left}); npx fig backfill ${set} does it again`,
    );
  }
}

async function ask(url: string, method: string, token: string): Promise<BackfillStatus> {
  const answer = await fetch(url, { method, headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok)
    throw new UpError('UP_FIRST_COPY', `${method} ${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as BackfillStatus;
}
