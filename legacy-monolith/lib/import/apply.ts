import { QueryTypes, type Sequelize, type Transaction } from 'sequelize';
import { nowDb } from '../dates.ts';
import { centsOf, decimal } from '../money.ts';
import type { FibuRecord } from './record.ts';

/** A line that was read; `text` is what the rejects list shows. */
export type Read = { readonly line: number; readonly text: string; readonly record: FibuRecord };
export type Reject = { readonly line: number; readonly reason: string; readonly text: string };
export type Applied = { readonly ok: number; readonly dup: number; readonly rejects: Reject[] };

type KnownInvoice = { id: number | null; readonly gross: bigint; credited: bigint };
type Of<T extends FibuRecord['type']> = Extract<FibuRecord, { type: T }>;

/** Writes one chunk of records for an import, in their order, in the caller's transaction. Known numbers are left alone. */
export async function applyChunk(
  db: Sequelize,
  chunk: readonly Read[],
  impId: number,
  transaction: Transaction,
): Promise<Applied> {
  const lookup = lookupsIn(db, transaction);
  const records = chunk.map(({ record }) => record);
  const invoices = await knownInvoices(lookup, records);
  const payments = await lookup<{ no: string }>(
    'SELECT ext_no AS no FROM payments WHERE ext_no IN (:keys)',
    of(records, 'payment').map(({ no }) => no),
  );
  const notes = await lookup<{ no: string }>(
    'SELECT ext_no AS no FROM notes WHERE ext_no IN (:keys)',
    of(records, 'note').map(({ no }) => no),
  );
  const credits = await lookup<{ no: string }>(
    'SELECT crn_no AS no FROM credit_notes WHERE crn_no IN (:keys)',
    of(records, 'credit').map(({ no }) => no),
  );
  const customers = await lookup<{ no: string; id: number }>(
    'SELECT cus_no AS no, cus_id AS id FROM customers WHERE cus_no IN (:keys)',
    [
      ...of(records, 'invoice').map(({ cusNo }) => cusNo),
      ...of(records, 'note').flatMap(({ kind, of }) => (kind === 'cus' ? [of] : [])),
    ],
  );
  const projects = await lookup<{ no: string; id: number }>(
    'SELECT prj_no AS no, prj_id AS id FROM projects WHERE prj_no IN (:keys)',
    of(records, 'invoice').flatMap(({ prjNo }) => prjNo ?? []),
  );
  const people = await lookup<{ no: number }>(
    'SELECT frl_id AS no FROM freelancers WHERE frl_id IN (:keys)',
    [
      ...of(records, 'payment').map(({ frlId }) => frlId),
      ...of(records, 'note').flatMap(({ kind, of }) => (kind === 'frl' ? [Number(of)] : [])),
    ],
  );
  const others = { payment: payments, note: notes, credit: credits };

  let ok = 0;
  let dup = 0;
  const rejects: Reject[] = [];
  const write: {
    invoice: Of<'invoice'>[];
    payment: Of<'payment'>[];
    note: Of<'note'>[];
    credit: Of<'credit'>[];
  } = {
    invoice: [],
    payment: [],
    note: [],
    credit: [],
  };
  const now = new Set<string>();
  for (const { line, text, record } of chunk) {
    const key = keyOf(record);
    const known = record.type === 'invoice' ? invoices : others[record.type];
    if (known.has(record.no) || now.has(key)) {
      dup += 1;
      continue;
    }
    const reason = refusal(record);
    if (reason !== null) {
      rejects.push({ line, reason, text });
      continue;
    }
    now.add(key);
    ok += 1;
    if (record.type === 'invoice') {
      write.invoice.push(record);
      invoices.set(record.no, { id: null, gross: record.gross, credited: 0n });
    } else if (record.type === 'payment') write.payment.push(record);
    else if (record.type === 'note') write.note.push(record);
    else {
      write.credit.push(record);
      invoices.get(record.invNo)!.credited += record.amount;
    }
  }

  function refusal(record: FibuRecord): string | null {
    if (record.type === 'invoice') {
      if (!customers.has(record.cusNo)) return 'customer unknown';
      return record.prjNo !== null && !projects.has(record.prjNo) ? 'project unknown' : null;
    }
    if (record.type === 'payment') return people.has(String(record.frlId)) ? null : 'freelancer unknown';
    if (record.type === 'note') {
      if (record.kind === 'frl') return people.has(String(Number(record.of))) ? null : 'freelancer unknown';
      if (record.kind === 'cus') return customers.has(record.of) ? null : 'customer unknown';
      return invoices.has(record.of) ? null : 'invoice unknown';
    }
    const invoice = invoices.get(record.invNo);
    if (!invoice) return 'invoice unknown';
    return invoice.credited + record.amount > invoice.gross ? 'credit above invoice' : null;
  }

  const at = nowDb();
  await insert(
    'invoices',
    'inv_no cus_id prj_id inv_date due_date net vat gross inv_stat imp_id created changed',
    write.invoice.map((r) => [
      r.no,
      customers.get(r.cusNo)!.id,
      r.prjNo === null ? null : projects.get(r.prjNo)!.id,
      r.date,
      r.due,
      decimal(r.net),
      decimal(r.vat),
      decimal(r.gross),
      r.stat,
      impId,
      at,
      at,
    ]),
  );
  // the ids of the new ones, for what hangs on them
  const fresh = write.invoice.map(({ no }) => no);
  for (const [no, { id }] of await lookup<{ no: string; id: number }>(
    'SELECT inv_no AS no, inv_id AS id FROM invoices WHERE inv_no IN (:keys)',
    fresh,
  ))
    invoices.get(no)!.id = id;
  await insert(
    'payments',
    'ext_no frl_id pay_run amount cur pay_stat paid_at ref_txt imp_id created changed',
    write.payment.map((r) => [
      r.no,
      r.frlId,
      r.run,
      decimal(r.amount),
      r.cur,
      r.stat,
      r.paidAt && `${r.paidAt} 00:00:00`,
      r.ref,
      impId,
      at,
      at,
    ]),
  );
  await insert(
    'notes',
    'ext_no not_kind frl_id cus_id inv_id not_text imp_id created',
    write.note.map((r) => [
      r.no,
      r.kind,
      r.kind === 'frl' ? Number(r.of) : null,
      r.kind === 'cus' ? customers.get(r.of)!.id : null,
      r.kind === 'inv' ? invoices.get(r.of)!.id : null,
      r.text,
      impId,
      at,
    ]),
  );
  await insert(
    'credit_notes',
    'crn_no inv_id crn_date amount reason imp_id created',
    write.credit.map((r) => [
      r.no,
      invoices.get(r.invNo)!.id,
      r.date,
      decimal(r.amount),
      r.reason || null,
      impId,
      at,
    ]),
  );
  return { ok, dup, rejects };

  async function insert(table: string, columns: string, rows: (string | number | null)[][]): Promise<void> {
    if (rows.length === 0) return;
    const values = rows.map((row) => `(${row.map((v) => (v === null ? 'NULL' : db.escape(v))).join(',')})`);
    await db.query(`INSERT INTO ${table} (${columns.split(' ').join(',')}) VALUES ${values.join(',')}`, {
      type: QueryTypes.INSERT,
      transaction,
    });
  }
}

/** The number of a record, with its kind: an invoice and a payment may have the same. */
function keyOf({ type, no }: FibuRecord): string {
  return `${type}/${no}`;
}

function of<T extends FibuRecord['type']>(records: readonly FibuRecord[], type: T): Of<T>[] {
  return records.filter((record): record is Of<T> => record.type === type);
}

type Lookup = <T extends { no: string | number }>(
  sql: string,
  keys: readonly (string | number)[],
) => Promise<Map<string, T>>;

function lookupsIn(db: Sequelize, transaction: Transaction): Lookup {
  return async <T extends { no: string | number }>(sql: string, keys: readonly (string | number)[]) => {
    if (keys.length === 0) return new Map<string, T>();
    const rows = await db.query<T>(sql, {
      replacements: { keys: [...new Set(keys)] },
      type: QueryTypes.SELECT,
      transaction,
    });
    return new Map(rows.map((row) => [String(row.no), row]));
  };
}

async function knownInvoices(
  lookup: Lookup,
  records: readonly FibuRecord[],
): Promise<Map<string, KnownInvoice>> {
  const rows = await lookup<{
    no: string;
    id: number;
    gross: string | number;
    credited: string | number | null;
  }>(
    `SELECT i.inv_no AS no, i.inv_id AS id, i.gross,
            (SELECT SUM(ROUND(n.amount * 100)) FROM credit_notes n WHERE n.inv_id = i.inv_id) AS credited
       FROM invoices i WHERE i.inv_no IN (:keys)`,
    [
      ...of(records, 'invoice').map(({ no }) => no),
      ...of(records, 'credit').map(({ invNo }) => invNo),
      ...of(records, 'note').flatMap(({ kind, of }) => (kind === 'inv' ? [of] : [])),
    ],
  );
  const known = new Map<string, KnownInvoice>();
  for (const [no, row] of rows) {
    known.set(no, {
      id: row.id,
      gross: centsOf(row.gross),
      credited: BigInt(Math.round(Number(row.credited || 0))),
    });
  }
  return known;
}
