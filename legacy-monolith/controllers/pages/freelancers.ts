import type { Request, Response } from 'express';
import { last } from '../../lib/input.ts';
import type { freelancerController } from '../freelancers.ts';
import { call, errorOf, goTo, show } from './page.ts';

type Detail = Record<string, string | number>;

// what the API says, for people (2016-01-08 mk)
const MESSAGES: Record<string, string> = {
  'frl_name missing': 'Der Name fehlt.',
  'frl_stat invalid': 'Der Status ist ungültig.',
  'rate_ct invalid': 'Der Stundensatz ist ungültig.',
  'avail_from invalid': 'Das Datum "verfügbar ab" ist ungültig (TT.MM.JJJJ).',
  'email exists': 'Diese E-Mail-Adresse gibt es schon.',
  'freelancer not found': 'Diesen Freiberufler gibt es nicht.',
};
const FIELDS =
  'frl_name frl_email frl_phone frl_stat skills_csv city country avail_from notes blk_reason'.split(' ');

/** The form for a freelancer, new or not. */
export function freelancerPages(api: ReturnType<typeof freelancerController>) {
  function blank(req: Request, res: Response) {
    show(req, res, 'freelancer', { id: '', frl: { frl_stat: 'A', rate: '' }, error: '' });
  }

  async function edit(req: Request, res: Response) {
    const asked = await call<Detail>(api.get, req);
    if (asked.status !== 200) {
      missing(req, res);
      return;
    }
    show(req, res, 'freelancer', { id: asked.body.frl_id, frl: shown(asked.body), error: '' });
  }

  async function create(req: Request, res: Response) {
    const asked = await call<Detail>(api.create, req, { body: posted(req) });
    const error = errorOf(asked);
    if (error !== '') {
      show(req, res, 'freelancer', { id: '', frl: req.body || {}, error: MESSAGES[error] || error });
      return;
    }
    goTo(req, res, `/freelancers/${asked.body.frl_id}/edit`, `${asked.body.frl_name} ist angelegt.`);
  }

  // the form sends every field back, so whoever saves last wins with all of them
  async function save(req: Request, res: Response) {
    const asked = await call<Detail>(api.update, req, { body: posted(req) });
    const error = errorOf(asked);
    if (asked.status === 404 || asked.status === 500) {
      missing(req, res);
      return;
    }
    if (error !== '') {
      show(req, res, 'freelancer', {
        id: parseInt(String(req.params.id), 10),
        frl: req.body || {},
        error: MESSAGES[error] || error,
      });
      return;
    }
    goTo(req, res, `/freelancers/${asked.body.frl_id}/edit`, `${asked.body.frl_name} ist gespeichert.`);
  }

  function missing(req: Request, res: Response) {
    res.status(404);
    show(req, res, 'message', { title: 'Nicht gefunden', text: MESSAGES['freelancer not found'] });
  }

  return { blank, edit, create, save };
}

/** The form's fields as the API wants them: the rate is typed in euros. */
function posted(req: Request): Record<string, unknown> {
  const b = req.body || {};
  const body: Record<string, unknown> = {};
  for (const key of FIELDS) if (b[key] !== undefined) body[key] = last(b[key]);
  const rate = last(b.rate).trim();
  if (rate !== '')
    body.rate_ct = /^\d{1,7}([.,]\d{1,2})?$/.test(rate)
      ? Math.round(Number(rate.replace(',', '.')) * 100)
      : 'x';
  return body;
}

function shown(frl: Detail): Detail {
  return { ...frl, rate: (Number(frl.rate_ct) / 100).toFixed(2).replace('.', ',') };
}
