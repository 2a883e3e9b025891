import type { EntityManager } from 'typeorm';
import type { Winners } from '../../../service-kit/sync/sync-stream.ts';
import { emailKey } from '../../domain/freelancer.ts';
import type { FreelancerValue } from '../http/freelancer-wire.ts';

type Holder = { readonly id: string; readonly number: number };

/**
 * Rows whose e-mail another row keeps. Rows of the batch that give theirs up, or are removed, keep nothing, so that
 * any number of them can pass addresses on to each other. A row that is refused keeps what it has, which can refuse
 * the next one: hence the rounds. The reason names the holder by its number and shows nothing of it.
 */
export async function emailConflicts(
  manager: EntityManager,
  { values, tombstones }: Winners<FreelancerValue>,
): Promise<readonly { readonly key: string; readonly reason: string }[]> {
  const wanting = values.flatMap(({ key, destination, value }) =>
    value.email === null
      ? []
      : [{ key, id: destination, number: value.number, email: emailKey(value.email) }],
  );
  if (wanting.length === 0) return [];
  const held = await holders(
    manager,
    wanting.map((row) => row.email),
  );
  const moving = new Set([...values, ...tombstones].map((row) => row.destination));
  const refused = new Map<string, string>();
  for (let found = true; found; ) {
    found = false;
    const owners = new Map([...held].filter(([, holder]) => !moving.has(holder.id)));
    // Of two that want the same, the one that has it keeps it, else the first.
    const byRight = wanting.toSorted(
      (a, b) => Number(held.get(b.email)?.id === b.id) - Number(held.get(a.email)?.id === a.id),
    );
    for (const row of byRight) {
      if (refused.has(row.key)) continue;
      const owner = owners.get(row.email);
      if (owner === undefined) owners.set(row.email, row);
      else {
        refused.set(row.key, `email: expected an address of its own, got one that row ${owner.number} holds`);
        moving.delete(row.id);
        found = true;
      }
    }
  }
  return [...refused].map(([key, reason]) => ({ key, reason }));
}

async function holders(manager: EntityManager, emails: readonly string[]): Promise<Map<string, Holder>> {
  const rows: { id: string; number: string; email_key: string }[] = await manager.query(
    'SELECT id, number, email_key FROM freelancer WHERE email_key = ANY($1)',
    [emails],
  );
  return new Map(rows.map(({ id, number, email_key }) => [email_key, { id, number: Number(number) }]));
}
