import { createReadStream } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { LegacyKind } from './legacy-databases.ts';
import { type LegacyTables, openLegacyTables } from './legacy-tables.ts';
import { type Monolith, runLegacy, startMonolith } from './monolith-process.ts';

export type ImportRun = {
  readonly database: string;
  readonly lines: number;
  readonly seconds: number;
  /** The same file with all of it known, read once more. */
  readonly secondsAgain: number;
  readonly bad: number;
  readonly dup: number;
  /** Peak memory of the monolith before the long file and after all of it, in MiB. */
  readonly peakMiB: readonly [before: number | null, after: number | null];
  readonly failures: readonly string[];
};

type Expected = {
  ok: number;
  dup: number;
  bad: Record<string, number>;
  rejects: { line: number; reason: string }[];
};
type Answer = { readonly status: number; readonly body: Record<string, unknown> };

/** As many rejects as the monolith keeps of one import. */
const REJECTS_KEPT = 10_000;
/** Enough for the monolith, and far less than the file with its records. */
const HEAP_MIB = 64;
/** What a file that is ten times as long may cost in memory. */
const FLAT_MIB = 64;
const SIZES = ['--freelancers', '1000', '--customers', '200', '--projects', '500', '--timesheets', '5000'];

/** Imports a file of `lines` records with every kind of bad line into a seeded monolith, and holds it to the counts. */
export async function runImport(
  kind: LegacyKind,
  folder: string,
  lines: number,
  say: (line: string) => void,
): Promise<ImportRun> {
  const failures: string[] = [];
  const expect = (what: string, got: unknown, wanted: unknown) => {
    if (isDeepStrictEqual(got, wanted)) return;
    failures.push(`${what}: expected ${shown(wanted)}, got ${shown(got)}`);
  };
  const database = await kind.start(join(folder, kind.name));
  let monolith: Monolith | null = null;
  let tables: LegacyTables | null = null;
  try {
    say(`${kind.name}: seeding`);
    await runLegacy('seed.ts', ['--database', database.url, ...SIZES]);
    tables = await openLegacyTables(database.url);
    const file = async (name: string, records: number, ...more: string[]) => {
      const path = join(folder, `${kind.name}-${name}.dat`);
      const args = [
        '--database',
        database.url,
        '--out',
        path,
        '--lines',
        String(records),
        '--mixed',
        '--json',
      ];
      return { path, expected: JSON.parse(await runLegacy('make-fibu.ts', [...args, ...more])) as Expected };
    };
    const short = await file('short', Math.ceil(lines / 10), '--seed', '2');
    const long = await file('long', lines);
    monolith = await startMonolith(database.url, HEAP_MIB);
    const send = (path: string, query = '') => upload(monolith!, path, query);

    expect('a short file', withoutId(await send(short.path)), counts(short.expected));
    const peakBefore = monolith.peakMiB();
    say(`${kind.name}: importing ${lines} lines`);
    const { expected } = long;
    const started = performance.now();
    const first = await send(long.path);
    const seconds = (performance.now() - started) / 1000;
    expect('the file', withoutId(first), counts(expected));
    const rejects = await tables.rows(
      `SELECT line_no AS line, reason FROM import_rejects WHERE imp_id = ${Number(first.body.imp_id)} ORDER BY line_no`,
    );
    expect(
      'its rejects, line by line',
      rejects.map((row) => ({ ...row })),
      expected.rejects.slice(0, REJECTS_KEPT),
    );

    const before = await tables.checksums();
    const known = await send(long.path);
    expect('the same file again', known, {
      status: 200,
      body: { error: 'already imported', imp_id: first.body.imp_id },
    });
    expect('tables after the same file again', await tables.checksums(), before);
    say(`${kind.name}: reading it once more`);
    const forcedAt = performance.now();
    const forced = await send(long.path, '?again=1');
    const secondsAgain = (performance.now() - forcedAt) / 1000;
    const allKnown = { ...expected, ok: 0, dup: expected.ok + expected.dup };
    expect('the same file with again=1', withoutId(forced), counts(allKnown));
    const after = await tables.checksums();
    for (const table of ['invoices', 'payments', 'notes', 'credit_notes', 'timesheets', 'customers'])
      expect(`${table} after again=1`, after[table], before[table]);
    const peakAfter = monolith.peakMiB();
    if (peakBefore !== null && peakAfter !== null && peakAfter - peakBefore > FLAT_MIB)
      failures.push(
        `memory: expected at most ${FLAT_MIB} MiB more than a tenth took, got ${peakAfter - peakBefore} MiB`,
      );
    const bad = expected.rejects.length;
    const peakMiB = [peakBefore, peakAfter] as const;
    return { database: kind.name, lines, seconds, secondsAgain, bad, dup: expected.dup, peakMiB, failures };
  } finally {
    await monolith?.stop();
    await tables?.close();
    await database.stop();
  }
}

function counts({ ok, dup, rejects }: Expected): Answer {
  const bad = rejects.length;
  const body = {
    ok: true,
    imp_stat: bad > 0 ? 'part' : 'ok',
    rec_total: ok + dup + bad,
    rec_ok: ok,
    rec_dup: dup,
    rec_bad: bad,
  };
  return { status: 200, body };
}

/** Everything but the number that the import got. */
function withoutId({ status, body: { imp_id: _, ...body } }: Answer): Answer {
  return { status, body };
}

function upload({ url, cookie }: Monolith, path: string, query: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { cookie, 'content-type': 'application/octet-stream' };
    // its own connection: a kept one may have been closed while the tables were summed up
    const options = { method: 'POST', headers, agent: false };
    const req = request(`${url}/api/imports${query}`, options, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      res.on('end', () => resolve({ status: res.statusCode!, body: JSON.parse(text) }));
    });
    req.on('error', reject);
    createReadStream(path).pipe(req);
  });
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
