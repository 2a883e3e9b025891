import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify/sync';
import type { Request, Response } from 'express';
import iconv from 'iconv-lite';
import PDFDocument from 'pdfkit';
import { QueryTypes, type Sequelize } from 'sequelize';
import { showDate } from '../../lib/dates.ts';
import { monthSpan, readMonth } from '../../lib/hours.ts';
import { idOf } from '../../lib/id.ts';
import { last } from '../../lib/input.ts';
import { centsOf, decimal, readDecimal, timesheetCents } from '../../lib/money.ts';
import { show } from './page.ts';

const ROWS_AT_ONCE = 1000;

/** CSV for the office's Excel and the statement as a PDF. */
export function downloadPages(db: Sequelize) {
  // KEEP THE ORDER OF THE COLUMNS, the Excel macro counts them
  async function freelancers(_req: Request, res: Response) {
    await csv(
      res,
      'Freiberufler.csv',
      ['Nr', 'Name', 'Status', 'Stundensatz', 'Skills', 'Ort', 'Verfügbar ab'],
      (after) =>
        db.query<Record<string, string | number | null> & { key: number }>(
          `SELECT frl_id AS \`key\`, frl_name, frl_stat, rate_ct, skills_csv, city, avail_from FROM freelancers
            WHERE frl_id > :after AND del_flag = 'N' ORDER BY frl_id LIMIT :lim`,
          { replacements: { after, lim: ROWS_AT_ONCE }, type: QueryTypes.SELECT },
        ),
      (r) => [
        r.key,
        r.frl_name,
        r.frl_stat,
        comma(decimal(BigInt(Number(r.rate_ct)))),
        r.skills_csv,
        r.city || '',
        showDate(r.avail_from as string | null),
      ],
    );
  }

  async function timesheets(req: Request, res: Response) {
    const month = readMonth(last(req.query.month));
    if (!month) {
      res.status(400);
      show(req, res, 'message', { title: 'Monat fehlt', text: 'Bitte einen Monat angeben, z. B. 2026-06.' });
      return;
    }
    const { from, to } = monthSpan(month);
    await csv(
      res,
      `Stundenübersicht ${month}.csv`,
      ['Nr', 'Tag', 'Freiberufler', 'Projekt', 'Stunden', 'Betrag', 'Status', 'Text'],
      (after) =>
        db.query<Record<string, string | number | null> & { key: number }>(
          `SELECT t.tsh_id AS \`key\`, t.tsh_day, f.frl_name, p.prj_title, t.tsh_hours, t.rate_ct, t.tsh_stat, t.tsh_text
             FROM timesheets t JOIN freelancers f ON f.frl_id = t.frl_id JOIN projects p ON p.prj_id = t.prj_id
            WHERE t.tsh_id > :after AND t.tsh_day >= :from AND t.tsh_day < :to ORDER BY t.tsh_id LIMIT :lim`,
          { replacements: { after, from, to, lim: ROWS_AT_ONCE }, type: QueryTypes.SELECT },
        ),
      (r) => [
        r.key,
        showDate(r.tsh_day as string),
        r.frl_name,
        r.prj_title,
        comma(Number(r.tsh_hours).toFixed(2)),
        comma(decimal(timesheetCents(r.tsh_hours as string | number, Number(r.rate_ct)))),
        r.tsh_stat,
        r.tsh_text || '',
      ],
    );
  }

  // 2018-11-20 ts: the statement that goes to the freelancer
  async function statement(req: Request, res: Response) {
    const id = idOf(req, res, 'payment');
    if (id === null) return;
    const rows = await db.query<{
      pay_run: string;
      amount: string | number;
      cur: string;
      pay_stat: string;
      paid_at: string | null;
      changed: string;
      frl_name: string | null;
    }>(
      `SELECT y.pay_run, y.amount, y.cur, y.pay_stat, y.paid_at, y.changed, f.frl_name
         FROM payments y LEFT JOIN freelancers f ON f.frl_id = y.frl_id WHERE y.pay_id = :id`,
      { replacements: { id }, type: QueryTypes.SELECT },
    );
    const payment = rows[0];
    if (!payment) {
      res.status(404).json({ error: 'payment not found' });
      return;
    }
    const sheets = await db.query<{
      tsh_day: string;
      prj_title: string;
      tsh_hours: string | number;
      rate_ct: number;
    }>(
      `SELECT t.tsh_day, p.prj_title, t.tsh_hours, t.rate_ct FROM timesheets t JOIN projects p ON p.prj_id = t.prj_id
        WHERE t.pay_id = :id ORDER BY t.tsh_day, t.tsh_id`,
      { replacements: { id }, type: QueryTypes.SELECT },
    );
    const name = printable(payment.frl_name || 'unbekannt');
    res.set('Content-Type', 'application/pdf');
    res.set('Content-Disposition', disposition('inline', `Abrechnung ${name} ${payment.pay_run}.pdf`));
    // the time of the row: the same statement is the same file, the archive compares them (2021-04-19 ts)
    const doc = new PDFDocument({
      size: 'A4',
      margin: 56,
      info: { Title: `Abrechnung ${id}`, CreationDate: new Date(`${payment.changed.replace(' ', 'T')}Z`) },
    });
    const written = pipeline(doc, res);
    doc.fontSize(16).text(`Abrechnung ${id} / ${payment.pay_run}`);
    doc.moveDown().fontSize(10).text(name);
    doc.text(payment.paid_at ? `bezahlt am ${showDate(payment.paid_at)}` : `Status: ${payment.pay_stat}`);
    doc.moveDown();
    for (const sheet of sheets) {
      const cents = timesheetCents(sheet.tsh_hours, sheet.rate_ct);
      doc.text(
        `${showDate(sheet.tsh_day)}   ${comma(Number(sheet.tsh_hours).toFixed(2))} h   ${comma(decimal(cents))} ${payment.cur}   ${printable(sheet.prj_title)}`,
      );
    }
    doc
      .moveDown()
      .fontSize(12)
      .text(`Summe: ${comma(decimal(centsOf(readDecimal(payment.amount))))} ${payment.cur}`);
    doc.end();
    await written.catch(gone);
  }

  return { freelancers, timesheets, statement };
}

/** Streams rows as Excel opens them: Windows-1252, semicolons, CRLF. `rowsAfter` gives the next ones by their key. */
async function csv<R extends { key: number }>(
  res: Response,
  name: string,
  head: string[],
  rowsAfter: (key: number) => Promise<R[]>,
  cells: (row: R) => unknown[],
): Promise<void> {
  const excel = (rows: unknown[][]) =>
    iconv.encode(stringify(rows, { delimiter: ';', record_delimiter: 'windows' }), 'win1252');
  async function* parts(): AsyncGenerator<Buffer> {
    yield excel([head]);
    for (let key = 0; ; ) {
      const rows = await rowsAfter(key);
      if (rows.length > 0) yield excel(rows.map(cells));
      if (rows.length < ROWS_AT_ONCE) return;
      key = rows.at(-1)!.key;
    }
  }
  res.set('Content-Type', 'text/csv; charset=windows-1252');
  res.set('Content-Disposition', disposition('attachment', name));
  await pipeline(parts(), res).catch(gone);
}

// somebody closed the window
function gone(err: NodeJS.ErrnoException): void {
  if (err.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw err;
}

function comma(amount: string): string {
  return amount.replace('.', ',');
}

/** What Windows-1252 has of a text; the rest are question marks. */
function printable(text: string): string {
  return iconv.decode(iconv.encode(text, 'win1252'), 'win1252').replace(/\p{Cc}/gu, ' ');
}

/**
 * As it may stand in a header: one byte for each letter, that is how the browsers wanted it, no quotes, nothing that
 * Windows forbids. 2017-06-12 ts: and once more for the new ones, chrome made "_2017-05.csv" of it.
 */
function disposition(how: 'inline' | 'attachment', name: string): string {
  const file = name.replace(/[^\x20-\x7e\xa0-\xff]|["\\/:*?<>|]/g, '_');
  const utf8 = encodeURIComponent(file).replace(/['()]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `${how}; filename="${file}"; filename*=UTF-8''${utf8}`;
}
