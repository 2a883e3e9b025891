import { businessDay, isoDay, monthDays, officeTime } from './calendar.ts';
import type { Damage } from './damage.ts';
import { FILES_HAVE_NUMBERS } from './money.ts';
import { prng } from './prng.ts';
import type { Row, TableRow } from './row.ts';
import { FIBU_USER, loginOf } from './users.ts';

/** March 2017: before that nobody wrote down which file something came from. */
const FIRST_FILE = 14;

const REJECTS = [
  ['customer unknown', '10;R@;C9@;;01.06.2018;01.07.2018;100,00;19,00;119,00;O'],
  ['amount invalid', '20;Z@;17;06.2018;1520.00;EUR;B;;HONORAR'],
  ['number of fields', '30;N@;CUS;C0000001;siehe Anlage; bitte prüfen'],
  ['invoice unknown', '40;G@;R-@;10.06.2018;90,00;Kulanz'],
  ['date invalid', '10;R@;C0000001;;31.06.2018;01.07.2018;100,00;19,00;119,00;O'],
  ['bad character', '30;N@;CUS;C0000001;Gr??e'],
] as const;

/** The data file of one month: its line in import_log, what it refused, and the stamps of what it brought. */
export type DataFile = {
  /** What rows of this file have in imp_id and created. */
  readonly stamp: { readonly imp_id: number | null; readonly created: string };
  readonly day: number;
  /** Lines of import_log and import_rejects, once it is known how many records went in. */
  rows(records: number): Generator<TableRow>;
};

/** Numbers the files of ten years; some months have one more that was broken. */
export function dataFiles(seed: number, damage: Damage): (month: number) => DataFile {
  let imports = 0;
  return (month) => {
    const r = prng(`${seed}/file/${month}`);
    const day = businessDay(monthDays(month).first + 14);
    const started = officeTime(day, r.next());
    if (month < FIRST_FILE) return { stamp: { imp_id: null, created: started }, day, rows: function* () {} };
    const id = ++imports;
    const foreign = r.chance(0.03) ? ++imports : null;
    const endless = damage.hits('endless-import', month, 0.03) ? ++imports : null;
    const logged = (impId: number, more: Row): TableRow => ({
      table: 'import_log',
      row: {
        imp_id: impId,
        imp_file: `FIBU_${isoDay(day).replaceAll('-', '')}.DAT`,
        imp_hash: Array.from({ length: 64 }, () => r.int(0, 15).toString(16)).join(''),
        imp_stat: 'fail',
        rec_total: 0,
        rec_ok: 0,
        rec_bad: 0,
        rec_dup: 0,
        imp_line: 0,
        usr_id: r.chance(0.8) ? FIBU_USER : null,
        started,
        finished: after(started, r.int(1, 300)),
        ...more,
      },
    });
    return {
      stamp: { imp_id: id, created: started },
      day,
      *rows(records) {
        const isNew = month >= FILES_HAVE_NUMBERS;
        const bad = r.chance(0.3) ? r.int(1, 6) : 0;
        const dup = isNew && r.chance(0.1) ? r.int(1, 20) : 0;
        const stat = bad > 0 ? 'part' : 'ok';
        const file = logged(id, {
          imp_stat: stat,
          rec_total: records + bad + dup,
          rec_ok: records,
          rec_bad: bad,
          rec_dup: dup,
          imp_line: isNew ? records + bad + dup + 2 : 0,
        });
        yield file;
        if (foreign !== null) yield logged(foreign, { imp_file: 'FIBU_ALT.DAT' });
        if (endless !== null) yield logged(endless, { imp_stat: 'run', finished: null });
        // the table is as old as the numbers
        for (let n = 0; isNew && n < bad; n++) {
          const [reason, text] = REJECTS[n % REJECTS.length]!;
          yield {
            table: 'import_rejects',
            row: {
              imp_id: id,
              line_no: 2 + n * 7,
              reason,
              rec_text: text.replaceAll('@', String(r.int(1000, 9999))),
            },
          };
        }
        if (month >= AUDITED)
          yield changed('import_log', id, String(file.row.finished), FIBU_USER, `import ${stat}`);
      },
    };
  };
}

/** April 2019: from here on chg_log says who did what. */
export const AUDITED = FILES_HAVE_NUMBERS + 3;

export function changed(table: string, id: number, at: string, userId: number, text: string): TableRow {
  return {
    table: 'chg_log',
    row: { chg_tab: table, chg_id: id, chg_at: at, chg_usr: loginOf(userId), chg_txt: text },
  };
}

function after(time: string, seconds: number): string {
  return new Date(Date.parse(`${time.replace(' ', 'T')}Z`) + seconds * 1000)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ');
}
