import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { openMemoryRegistry } from './adapters/instance-registry.memory.ts';
import { openPostgresRegistry } from './adapters/instance-registry.postgres.ts';
import { openFileLedger } from './adapters/ledger.file.ts';
import { openMemoryLedger } from './adapters/ledger.memory.ts';
import { openPostgresLedger } from './adapters/ledger.postgres.ts';
import { unwritableLedger } from './adapters/ledger.unwritable.ts';
import { openFileObservationStore } from './adapters/observation-store.file.ts';
import { openMemoryObservationStore } from './adapters/observation-store.memory.ts';
import { openPostgresObservationStore } from './adapters/observation-store.postgres.ts';
import { openPositionStore } from './adapters/position-store.file.ts';
import type { InstanceRegistry } from './core/instances.ts';
import { type Ledger, LedgerError } from './core/ledger.ts';
import type { ObservationStore } from './core/observation/observation-store.ts';
import type { PositionStore } from './core/position-store.ts';
import type { Settings } from './settings.ts';

export type OpenLedger = {
  readonly ledger: Ledger;
  /** Null where nothing is stored: then a start without the ledger knows no positions. */
  readonly store: PositionStore | null;
  readonly stateDir: string | null;
};

/** The ledger that the settings name, and the store of this instance's last positions that belongs to it. */
export async function openLedger(settings: Settings, log: Logger): Promise<OpenLedger> {
  const { ledger: where, port } = settings;
  if (where.kind === 'memory')
    return { ledger: openMemoryLedger(), store: null, stateDir: settings.stateDir };
  const stateDir = settings.stateDir ?? (where.kind === 'file' ? dirname(where.path) : null);
  const store = stateDir ? openPositionStore(join(stateDir, `positions-${port}.json`)) : null;
  if (where.kind === 'file') return { ledger: await openOwnFile(where.path, store, log), store, stateDir };
  if (!store)
    log.warn('without --state DIR nothing is stored: a start while the ledger is away knows no positions');
  if (settings.secret === null)
    log.warn('FIG_SECRET is not set: each replica signs cookies and pins on its own');
  return { ledger: await openPostgresLedger({ address: where.address }), store, stateDir };
}

// A facade that has served keeps serving from what it can read or has stored, whatever became of its ledger's disk.
// With neither it would guess; and where another process holds the ledger, that one speaks for the positions.
async function openOwnFile(path: string, store: PositionStore | null, log: Logger): Promise<Ledger> {
  const onTornLine = ({ bytes, line }: { bytes: number; line: number }) =>
    log.warn({ ledger: path, line, bytes }, 'the last line was torn by a crash and is dropped');
  try {
    return await openFileLedger({ path, onTornLine });
  } catch (error) {
    if (!(error instanceof LedgerError) || error.code === 'LEDGER_LOCKED') throw error;
    const ledger = await unwritableLedger(path, error);
    const entries = await ledger.read({ after: 0, limit: 1 });
    if (entries.length === 0 && !(await store?.load())) throw error;
    return ledger;
  }
}

/** The registry of the instances that share the ledger. */
export function openRegistry({ ledger }: Settings, id: string): InstanceRegistry {
  return ledger.kind === 'postgres'
    ? openPostgresRegistry({ address: ledger.address, id })
    : openMemoryRegistry({ id, now: () => new Date() });
}

/** Where observations are kept: with the ledger in Postgres, for all replicas; beside its file; or nowhere. */
export function openObservationStore(
  { ledger, port }: Settings,
  stateDir: string | null,
  id: string,
  log: Logger,
): ObservationStore {
  if (ledger.kind === 'postgres') return openPostgresObservationStore({ address: ledger.address, id });
  return stateDir
    ? openFileObservationStore(join(stateDir, `observations-${port}.json`), (path) =>
        log.warn({ path }, 'what was observed before cannot be read, and is begun anew'),
      )
    : openMemoryObservationStore();
}
