import type { DataSource, EntityManager } from 'typeorm';
import { isLockTimeout } from '../database/failures.ts';
import { inTransaction } from '../database/transaction.ts';
import { Problem } from '../http/problem.ts';

export const owners = ['open', 'legacy', 'candidate', 'nobody'] as const;

/**
 * Whose writes a stream takes. `open`: nobody governs, each write is taken and none is queued. The epoch grows with each
 * change of owner and never falls; `open` may follow `candidate` in the same one, for good.
 */
export type Ownership = { readonly owner: (typeof owners)[number]; readonly epoch: number };

/** Class of the advisory locks of gates; the object is the stream. */
const gateLock = 7_105_003;

const notGoverned: Ownership = { owner: 'open', epoch: 0 };

export async function readOwner(manager: EntityManager, stream: string): Promise<Ownership> {
  const rows = await manager.query('SELECT owner, epoch FROM _sync_owner WHERE stream = $1', [stream]);
  return ownership(rows) ?? notGoverned;
}

/**
 * The owner, who stays the same until the transaction of `manager` ends: the first statement of each transaction that
 * writes what the stream carries.
 */
export async function holdOwner(manager: EntityManager, stream: string): Promise<Ownership> {
  const held = await shareOwner(manager, stream);
  if (held !== null) return held;
  // Without a row nothing would hold up a change of owner.
  await addOwnerRow(manager, stream);
  const added = await shareOwner(manager, stream);
  if (added === null) throw new Error(`_sync_owner: the row of ${stream} was removed while it was used`);
  return added;
}

/**
 * The row lock is the gate. The advisory lock before it is its queue: share locks of one row do not wait behind whoever
 * wants it alone, so that writers which overlap would keep the gate open for ever.
 */
async function shareOwner(manager: EntityManager, stream: string): Promise<Ownership | null> {
  const rows = await manager.query(
    `WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared($2, hashtext($1)))
     SELECT o.owner, o.epoch FROM turn, _sync_owner AS o WHERE o.stream = $1 FOR SHARE OF o`,
    [stream, gateLock],
  );
  return ownership(rows);
}

/**
 * Makes `wanted` the owner once every write that began under the last one has ended; answers with who is. Throws
 * SYNC_GATE_BUSY when they have not after 2 s, SYNC_EPOCH_STALE when a later change came first; then nothing is changed.
 */
export async function changeOwner(
  dataSource: DataSource,
  stream: string,
  wanted: Ownership,
): Promise<Ownership> {
  if (isReached(await readOwner(dataSource.manager, stream), wanted)) return wanted;
  return inTransaction(dataSource, async (manager) => {
    // A savepoint of its own: who waited in vain holds up nobody while the blocker is looked for.
    const current = await manager
      .transaction((inner) => closeGate(inner, stream))
      .catch(async (error) => {
        throw isLockTimeout(error) ? await busy(manager, stream) : error;
      });
    if (isReached(current, wanted)) return wanted;
    await manager.query('UPDATE _sync_owner SET owner = $2, epoch = $3 WHERE stream = $1', [
      stream,
      wanted.owner,
      wanted.epoch,
    ]);
    return wanted;
  });
}

async function closeGate(manager: EntityManager, stream: string): Promise<Ownership> {
  await manager.query(`SET LOCAL lock_timeout = '2s'`);
  await manager.query('SELECT pg_advisory_xact_lock($2, hashtext($1))', [stream, gateLock]);
  await addOwnerRow(manager, stream);
  const rows = await manager.query('SELECT owner, epoch FROM _sync_owner WHERE stream = $1 FOR UPDATE', [
    stream,
  ]);
  return ownership(rows) ?? notGoverned;
}

async function addOwnerRow(manager: EntityManager, stream: string): Promise<void> {
  await manager.query(
    `INSERT INTO _sync_owner (stream, owner, epoch) VALUES ($1, 'open', 0) ON CONFLICT (stream) DO NOTHING`,
    [stream],
  );
}

function isReached(current: Ownership, wanted: Ownership): boolean {
  if (wanted.epoch > current.epoch) return false;
  if (wanted.epoch === current.epoch && wanted.owner === current.owner) return true;
  // It takes the same writes, for the same clients: it only asks nobody any more.
  if (wanted.epoch === current.epoch && current.owner === 'candidate' && wanted.owner === 'open')
    return false;
  throw new Problem(
    { code: 'SYNC_EPOCH_STALE', status: 409, title: 'A later change of owner came first' },
    `Expected an epoch above ${current.epoch}, in which ${current.owner} is the owner; got ${wanted.owner} in epoch ${wanted.epoch}. Read the owner again.`,
    undefined,
    { members: current },
  );
}

type Holder = { pid: number; application: string; login: string; state: string; seconds: number };

/** Whoever has passed the gate, or locks its row by hand. Statements are not shown: they can hold names and addresses. */
async function busy(manager: EntityManager, stream: string): Promise<Problem> {
  const holders: Holder[] = await manager.query(
    `SELECT a.pid, coalesce(nullif(a.application_name, ''), 'an unnamed application') AS application,
            coalesce(a.usename, 'unknown') AS login, coalesce(a.state, 'a state that is not shown') AS state,
            round(extract(epoch FROM clock_timestamp() - a.xact_start))::int AS seconds
     FROM pg_stat_activity AS a
     WHERE a.pid <> pg_backend_pid() AND EXISTS (
       SELECT FROM pg_locks AS l WHERE l.pid = a.pid AND l.granted AND l.database = (
         SELECT oid FROM pg_database WHERE datname = current_database()) AND (
         l.locktype = 'advisory' AND l.classid = $2::int::oid AND l.objid = (hashtext($1)::bigint & 4294967295)::oid
         OR l.relation = '_sync_owner'::regclass AND l.mode IN ('RowShareLock', 'RowExclusiveLock') AND NOT EXISTS (
           SELECT FROM pg_locks AS g WHERE g.pid = l.pid AND g.locktype = 'advisory' AND g.classid = $2::int::oid)))
     ORDER BY a.xact_start LIMIT 5`,
    [stream, gateLock],
  );
  const named = holders.map(
    ({ pid, application, login, state, seconds }) =>
      `process ${pid} of ${application} (user ${login}, ${state}) for ${seconds ?? '?'} s`,
  );
  return new Problem(
    { code: 'SYNC_GATE_BUSY', status: 409, title: 'Writes of this stream have not ended' },
    `After 2 s open transactions still hold the gate: ${named.join('; ') || 'the database does not tell which'}. Let them end, or end them, and ask again.`,
  );
}

function ownership(rows: readonly { owner: Ownership['owner']; epoch: string }[]): Ownership | null {
  const [row] = rows;
  return row === undefined ? null : { owner: row.owner, epoch: Number(row.epoch) };
}
