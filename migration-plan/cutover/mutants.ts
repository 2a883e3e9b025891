// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is source text
/** A way to lose or to double data that looks harmless: one text in one file, replaced by another one. */
export type DataMutant = {
  readonly name: string;
  readonly what: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The narrowest suite that must not let it pass, and what its test promises, in full or in part. */
  readonly suite: string;
  readonly promise: string;
  /** Only seen on MySQL or MariaDB. */
  readonly onMysql?: true;
};

const TAIL = 'acl/relay/tail/carry-changes';
const BACK = 'acl/relay/reverse/legacy-writer';
const GATE = 'acl/relay/ownership/legacy-gate';
const OWNERSHIP = 'acl/relay/ownership/set-ownership';
const CAPTURE = 'acl/relay/capture';
const LEADER = 'facade/control/cutover/cutover';
const SYNC = 'new-services/service-kit/sync';
const REVERSE = `${SYNC}/reverse-source.test.ts`;

/** Faults in the relay, the leader of a change of owners and the kit of services. */
export const dataMutants: readonly DataMutant[] = [
  {
    name: 'ack-first',
    what: 'entries are dropped before their rows have arrived',
    file: `${TAIL}.ts`,
    find: "  parts.failpoint('tail-after-changes');\n",
    replace: "  parts.failpoint('tail-after-changes');\n  await source.ack(changes);\n",
    suite: `${TAIL}.test.ts`,
    promise: 'is not dropped when it breaks at',
  },
  {
    name: 'ticket-before-dequeue',
    what: 'the ticket is taken before the entries: what is written in between comes under an older one',
    file: `${TAIL}.ts`,
    find: '  const changes = await source.changes(limit);\n',
    replace:
      '  const early = await parts.inbox.takeTicket();\n  parts = { ...parts, inbox: { ...parts.inbox, takeTicket: async () => early } };\n  const changes = await source.changes(limit);\n',
    suite: `${TAIL}.test.ts`,
    promise: 'is carried over in the one order that is safe',
  },
  {
    name: 'no-tombstone',
    what: 'a row that is gone at legacy is not told',
    file: `${TAIL}.ts`,
    find: '      if (!present.has(key)) all.push(',
    replace: '      if (present.has(`gone ${key}`)) all.push(',
    suite: `${TAIL}.test.ts`,
    promise: 'by two workers, of which one sleeps with an old row in its hands',
  },
  {
    name: 'tombstone-forgotten',
    what: 'the service does not keep that a row was removed: an older ticket brings it back',
    file: `${SYNC}/sync-inbox.ts`,
    find: '  const winners = group.filter((candidate) => won.has(candidate.key));\n',
    replace:
      "  const winners = group.filter((candidate) => won.has(candidate.key));\n  await manager.query('DELETE FROM _sync_row WHERE stream = $1 AND deleted', [stream.name]);\n",
    suite: `${SYNC}/sync.test.ts`,
    promise: 'keeps the tombstone of a key it never saw',
  },
  {
    name: 'no-version-guard',
    what: 'at the service, whatever comes last wins, with an old ticket, too',
    file: `${SYNC}/sync-tables.ts`,
    find: '     WHERE s.version < excluded.version\n',
    replace: '',
    suite: `${SYNC}/sync.test.ts`,
    promise: 'lets the newest ticket win, whatever comes last',
  },
  {
    name: 'no-version-guard-back',
    what: 'the same on the way back to legacy',
    file: `${BACK}.ts`,
    find: '(versions.get(key) ?? -1n) < BigInt(ticket)',
    replace: 'versions.size >= 0 && key !== ticket',
    suite: `${BACK}.test.ts`,
    promise: 'goes back behind no newer ticket',
  },
  {
    name: 'cursor',
    what: "legacy's queue is read from the last number on: entries of transactions that end late are lost",
    file: `${CAPTURE}/trigger-queue.mysql.ts`,
    find: '      return rows.map(({ seq, tab, k }) => ({ seq: String(seq), table: String(tab), key: String(k) }));\n',
    replace:
      '      const seen = (globalThis as { seen?: Map<string, number> }).seen ??= new Map();\n      const from = seen.get(url) ?? 0;\n      seen.set(url, Math.max(from, ...rows.map(({ seq }) => Number(seq))));\n      return rows.flatMap(({ seq, tab, k }) => Number(seq) <= from ? [] : [{ seq: String(seq), table: String(tab), key: String(k) }]);\n',
    suite: `${CAPTURE}/change-source.test.ts`,
    promise: 'loses nothing to writers that end in another order than they began',
    onMysql: true,
  },
  {
    name: 'cursor-back',
    what: "the same on the service's queue",
    file: `${SYNC}/change-queue.ts`,
    find: 'WHERE stream = $1 ORDER BY _sync_change.seq LIMIT $2',
    replace:
      'WHERE stream = $1 AND _sync_change.seq >= (SELECT last_value FROM _sync_change_seq_seq) ORDER BY _sync_change.seq LIMIT $2',
    suite: REVERSE,
    promise: 'loses no entry that appears behind one that was taken',
  },
  {
    name: 'no-cascade-triggers',
    what: 'what foreign keys do to rows is noted by nobody',
    file: `${CAPTURE}/trigger-queue.mysql.ts`,
    find: '      ...cascadesTo(table.name, keys).map((cascade, n) => cascadeTrigger(set, cascade, table, n)),\n',
    replace:
      '      ...cascadesTo(table.name, keys).slice(0, 0).map((cascade, n) => cascadeTrigger(set, cascade, table, n)),\n',
    suite: `${CAPTURE}/change-source.test.ts`,
    promise: 'notes what foreign keys do to its rows',
    onMysql: true,
  },
  {
    name: 'echo',
    what: 'what the relay brings back to legacy is noted as if legacy had written it',
    file: `${CAPTURE}/trigger-queue.sqlite.ts`,
    find: '${unlessRelay(set)} BEGIN ${noted} END',
    replace: 'BEGIN ${noted} END',
    suite: `${BACK}.test.ts`,
    promise: 'writes past the gate what nobody else may, unseen by the capture of its own set',
  },
  {
    name: 'echo-at-the-service',
    what: 'what the inbox brings is queued for the way back',
    file: `${SYNC}/sync-inbox.ts`,
    find: '  const { changed } = await stream.apply(manager, rows);\n',
    replace:
      "  const { changed } = await stream.apply(manager, rows);\n  for (const { key } of winners) await manager.query('INSERT INTO _sync_change (stream, k) VALUES ($1, $2)', [stream.name, key]);\n",
    suite: REVERSE,
    promise: 'holds nothing of what the inbox brings: no row goes round',
  },
  {
    name: 'no-candidate-gate',
    what: 'the service writes, whoever owns the rows',
    file: `${SYNC}/owned-write.ts`,
    find: '    refuseStranger(stream, current, epoch);\n',
    replace: '    if (epoch === -1) refuseStranger(stream, current, epoch);\n',
    suite: REVERSE,
    promise: 'is asked by each write of the service, before any effect',
  },
  {
    name: 'no-epoch',
    what: 'a write that was decided in another epoch is taken',
    file: `${SYNC}/owned-write.ts`,
    find: 'epoch !== null && epoch !== current.epoch',
    replace: 'epoch !== null && epoch > 1e15 && epoch !== current.epoch',
    suite: REVERSE,
    promise: 'is believed in its epoch alone',
  },
  {
    name: 'candidate-gate-without-lock',
    what: 'the service asks who owns the rows and does not hold the answer until its write has ended',
    file: `${SYNC}/owner.ts`,
    find: 'SELECT pg_advisory_xact_lock_shared($2, hashtext($1)))\n     SELECT o.owner, o.epoch FROM turn, _sync_owner AS o WHERE o.stream = $1 FOR SHARE OF o`',
    replace:
      'SELECT $2::int, hashtext($1))\n     SELECT o.owner, o.epoch FROM turn, _sync_owner AS o WHERE o.stream = $1`',
    suite: REVERSE,
    promise: 'waits for a write that is in flight, and lets no later one pass',
  },
  {
    name: 'no-legacy-gate',
    what: "legacy's tables let everybody write",
    file: `${GATE}.sqlite.ts`,
    find: "AND ${owner} IS NOT 'legacy' BEGIN",
    replace: "AND ${owner} IS 'x' BEGIN",
    suite: `${GATE}.test.ts`,
    promise: 'stands open for legacy, and lets nobody write from the change of owners on',
  },
  {
    name: 'legacy-gate-without-cascades',
    what: 'rows can be taken away through a table above while another one owns them',
    file: `${GATE}.mysql.ts`,
    find: '      ...cascadesTo(table.name, keys).map((cascade, n) => aboveTrigger(set, cascade, n)),\n',
    replace:
      '      ...cascadesTo(table.name, keys).slice(0, 0).map((cascade, n) => aboveTrigger(set, cascade, n)),\n',
    suite: `${GATE}.test.ts`,
    promise: 'refuses what would reach the rows by a foreign key',
    onMysql: true,
  },
  {
    name: 'legacy-gate-without-lock',
    what: 'the triggers read the owner without a lock: a writer that has passed commits behind the change',
    file: `${GATE}.mysql.ts`,
    find: ' LOCK IN SHARE MODE`;\n\nfunction check',
    replace: '`;\n\nfunction check',
    suite: `${GATE}.test.ts`,
    promise: 'waits for a transaction that has written',
    onMysql: true,
  },
  {
    name: 'position-before-fence',
    what: 'what waits is carried over before the side is closed, and what comes until then is not',
    file: `${LEADER}.ts`,
    find: "      await act('close', async () =>\n        must(await relay.close(name, from, epoch + 1), `${from} takes no writes any more`),\n      );\n      await step('DRAINING');\n      await act('drain', () => this.#drained(name, to));\n",
    replace:
      "      await step('DRAINING');\n      await act('drain', () => this.#drained(name, to));\n      await act('close', async () =>\n        must(await relay.close(name, from, epoch + 1), `${from} takes no writes any more`),\n      );\n",
    suite: `${LEADER}.test.ts`,
    promise: 'carries over what was written until the side was closed',
  },
  {
    name: 'writes-not-held',
    what: 'replicas are not waited for: one goes on sending writes by what it knew',
    file: `${LEADER}.ts`,
    find: '    if (pending.length > 0)\n      throw',
    replace: '    if (pending.length > 1e6)\n      throw',
    suite: `${LEADER}.test.ts`,
    promise: 'goes back when a replica does not say that it holds writes',
  },
  {
    name: 'late-leader',
    what: 'a leader that wakes up late closes a side in an epoch that is over',
    file: `${OWNERSHIP}.ts`,
    find: '    if (epoch < there.epoch ||',
    replace: '    if (epoch < 0 ||',
    suite: `${OWNERSHIP}.test.ts`,
    promise: 'who closes late, in an epoch that is over, closes nothing',
  },
  {
    name: 'gate-not-settled',
    what: 'legacy is said to be open while what a killed relay sent may still close it',
    file: `${OWNERSHIP}.ts`,
    find: 'this.#options.gate.settled()',
    replace: 'this.#options.gate.read()',
    suite: `${OWNERSHIP}.test.ts`,
    promise: 'what a killed process has sent to the gate is waited for',
  },
  {
    name: 'turn-not-taken',
    what: 'the gate says who owns the rows while a change that a killed relay sent still waits in the database',
    file: `${GATE}.mysql.ts`,
    find: '        await takeTurn(connection);\n        return await read();\n',
    replace: '        return await read();\n',
    suite: `${GATE}.test.ts`,
    promise: 'is told as it stays: a change that a killed process had sent has ended by then',
    onMysql: true,
  },
  {
    name: 'verification-forgotten',
    what: 'a relay that was started again vouches for rows that it never saw',
    file: 'acl/relay/ownership/verification.ts',
    find: ' || !this.#isOn',
    replace: '',
    suite: 'acl/relay/ownership/verification.test.ts',
    promise: 'are not known to a process that began behind the comparison',
  },
  {
    name: 'numbers-of-the-other-side',
    what: 'whoever takes a set over goes on with its own numbers: one that stood for a row that is gone is given again',
    file: `${OWNERSHIP}.ts`,
    find: 'await this.#options.continueNumbers(to);',
    replace: '{ ok: true } as Outcome;',
    suite: `${OWNERSHIP}.test.ts`,
    promise: 'numbers on from the other one',
  },
];
