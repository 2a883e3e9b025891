import { streamKey } from '../backfill/stream-key.ts';
import type { CapturedTable } from '../capture/change-source.ts';
import type { LegacyWriter } from '../reverse/legacy-writer.ts';
import type { OwnedService } from '../target/owned-service.ts';
import type { Outcome } from './set-ownership.ts';

/**
 * Makes whoever is about to own a set hand out no number that the other side has used, also for rows that are gone: a
 * letter, an invoice or another system may name it for ever. Neither side may take writes meanwhile. Tables and services
 * that count nothing are left alone.
 */
export async function continueNumbers(
  to: 'legacy' | 'candidate',
  tables: readonly CapturedTable[],
  service: Pick<OwnedService, 'numbers' | 'skipNumbers'>,
  writer: Pick<LegacyWriter, 'lastNumber' | 'skipNumbers'>,
): Promise<Outcome> {
  const there = await service.numbers();
  for (const table of tables) {
    const prefix = streamKey(tables, table, '');
    const counted = there.find((one) => one.prefix === prefix);
    const here = await writer.lastNumber(table);
    if (counted === undefined || here === null) continue;
    if (to === 'candidate') await service.skipNumbers([{ prefix, last: String(here) }]);
    else if (BigInt(counted.last) > here) {
      const why = await writer.skipNumbers(table, BigInt(counted.last));
      if (why !== null)
        return {
          ok: false,
          detail: `the new service has used numbers of ${table.name} up to ${counted.last}, and the counter of legacy cannot be raised from ${here}: ${why}. Give the relay's user the right to ALTER ${table.name}, or raise it by hand.`,
        };
    }
  }
  return { ok: true };
}
