import type { Request, Response } from 'express';
import { QueryTypes, type Sequelize } from 'sequelize';
import { nowDb } from '../lib/dates.ts';
import { checkPassword } from '../lib/password.ts';

type UsrRow = {
  usr_id: number;
  usr_login: string;
  usr_name: string;
  usr_pass: string;
  usr_role: string;
  usr_active: number;
};

/** POST login, POST logout, GET me. */
export function loginController(db: Sequelize) {
  async function login(req: Request, res: Response) {
    const body = req.body || {};
    const rows = await db.query<UsrRow>('SELECT * FROM users WHERE usr_login = :user AND usr_active = 1', {
      replacements: { user: typeof body.user === 'string' ? body.user.replaceAll('\0', '') : '' },
      type: QueryTypes.SELECT,
    });
    const usr = rows[0];
    // mysql finds 'admin' for 'admin ' too
    if (
      !usr ||
      usr.usr_login !== body.user ||
      typeof body.pass !== 'string' ||
      !(await checkPassword(body.pass, usr.usr_pass))
    ) {
      res.status(401).json({ error: 'wrong login' });
      return;
    }
    // 2018-02-07 mk: a new session id, else somebody who planted a cookie is logged in as well (audit 3.2)
    await new Promise<void>((ok, fail) => req.session.regenerate((err) => (err ? fail(err) : ok())));
    req.session.usr_id = usr.usr_id;
    req.session.usr_login = usr.usr_login;
    req.session.usr_role = usr.usr_role;
    await db.query('UPDATE users SET last_login = :now WHERE usr_id = :id', {
      replacements: { now: nowDb(), id: usr.usr_id },
    });
    // 2018-09-26 ts: saved before the answer goes out. express-session sends the headers first and saves then, a browser
    // that follows the redirect (or the accounting server) was faster than the table and was told to log in again
    await new Promise<void>((ok, fail) => req.session.save((err) => (err ? fail(err) : ok())));
    res.json({ ok: true, user: { usr_id: usr.usr_id, usr_login: usr.usr_login, usr_role: usr.usr_role } });
  }

  async function logout(req: Request, res: Response) {
    await new Promise<void>((ok, fail) => req.session.destroy((err) => (err ? fail(err) : ok())));
    res.json({ ok: true });
  }

  async function me(req: Request, res: Response) {
    // 2019-11-18 mk: read again, the name may have changed and the user may have been switched off
    const rows = await db.query<UsrRow>('SELECT * FROM users WHERE usr_id = :id AND usr_active = 1', {
      replacements: { id: req.session.usr_id || 0 },
      type: QueryTypes.SELECT,
    });
    const usr = rows[0];
    if (!usr) {
      res.status(401).json({ error: 'not logged in' });
      return;
    }
    res.json({
      usr_id: usr.usr_id,
      usr_login: usr.usr_login,
      usr_name: usr.usr_name,
      usr_role: usr.usr_role,
    });
  }

  return { login, logout, me };
}
