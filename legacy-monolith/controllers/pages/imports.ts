import type { Request, Response } from 'express';
import type { Sequelize } from 'sequelize';
import { type ImportOutcome, importFile } from '../../lib/import.ts';
import { paging } from '../../lib/paging.ts';
import { type importController, withUpload } from '../imports.ts';
import { call, goTo, show } from './page.ts';

/** The upload form, and what became of each file. */
export function importPages(db: Sequelize, api: ReturnType<typeof importController>) {
  async function list(req: Request, res: Response) {
    const asked = await call<{ imports: object[]; total: number }>(api.list, req);
    const { page: at, pages } = paging(req, asked.body.total);
    show(req, res, 'imports', { title: 'Importe', at, pages, ...asked.body });
  }

  async function one(req: Request, res: Response) {
    const asked = await call<object>(api.get, req);
    if (asked.status !== 200) {
      res.status(404);
      show(req, res, 'message', { title: 'Nicht gefunden', text: 'Diesen Import gibt es nicht.' });
      return;
    }
    show(req, res, 'import', { title: 'Import', imp: asked.body });
  }

  async function upload(req: Request, res: Response) {
    await withUpload(
      req,
      res,
      async (file) => {
        if (!file) {
          goTo(req, res, '/imports', 'Bitte eine Datei auswählen.');
          return;
        }
        const user = { id: req.session.usr_id!, login: req.session.usr_login! };
        const outcome = await importFile(db, file.path, file.name, user);
        goTo(req, res, outcome.kind === 'busy' ? '/imports' : `/imports/${outcome.imp_id}`, message(outcome));
      },
      (tooBig) => {
        goTo(req, res, '/imports', tooBig ? 'Die Datei ist zu groß.' : 'Die Datei kam nicht ganz an.');
      },
    );
  }

  return { list, one, upload };
}

function message(outcome: ImportOutcome): string {
  switch (outcome.kind) {
    case 'busy':
      return 'Es läuft schon ein Import, bitte später noch einmal.';
    case 'known':
      return 'Diese Datei ist schon importiert.';
    case 'foreign':
      return 'Das ist keine FIBU-Datei.';
    case 'done':
      return `Importiert: ${outcome.rec_ok} neu, ${outcome.rec_dup} doppelt, ${outcome.rec_bad} abgelehnt.`;
  }
}
