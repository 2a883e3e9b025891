import type { Request, Response } from 'express';
import { QueryTypes, type Sequelize, UniqueConstraintError } from 'sequelize';
import type { Models } from '../db/models.ts';
import { nowDb, showDate, showDateTime } from '../lib/dates.ts';
import { blank, MAX_INT, text } from '../lib/input.ts';
import { hashPassword } from '../lib/password.ts';

type UsrRow = {
  usr_id: number;
  usr_login: string;
  usr_name: string;
  usr_role: string;
  usr_active: number;
  last_login: string | null;
  created: string;
};

const ROLES = ['adm', 'dis', 'ro'];

/** Everything under /api/users. */
export function userController(db: Sequelize, models: Models) {
  const { User } = models;

  // 2013-06-03 mk: no paging, we are twelve
  async function list(_req: Request, res: Response) {
    const rows = await db.query<UsrRow>('SELECT * FROM users ORDER BY usr_login', {
      type: QueryTypes.SELECT,
    });
    res.json({ users: rows.map(shown) });
  }

  async function get(req: Request, res: Response) {
    const row = await load(req, res);
    if (row) res.json(shown(row));
  }

  async function create(req: Request, res: Response) {
    const b = req.body || {};
    if (blank(b.usr_login)) {
      res.status(400).json({ error: 'usr_login missing' });
      return;
    }
    if (blank(b.usr_name)) {
      res.status(400).json({ error: 'usr_name missing' });
      return;
    }
    if (b.usr_role !== undefined && !ROLES.includes(b.usr_role)) {
      res.status(400).json({ error: 'usr_role invalid' });
      return;
    }
    if (typeof b.pass !== 'string' || b.pass.length < 4) {
      res.status(400).json({ error: 'pass too short' });
      return;
    }
    const login = text(b.usr_login)!;
    try {
      await db.query(
        `INSERT INTO users (usr_login, usr_name, usr_pass, usr_role, usr_active, created)
         VALUES (:login, :name, :pass, :role, 1, :now)`,
        {
          replacements: {
            login,
            name: text(b.usr_name),
            pass: hashPassword(b.pass),
            role: b.usr_role === undefined ? 'ro' : b.usr_role,
            now: nowDb(),
          },
        },
      );
    } catch (err) {
      if (err instanceof UniqueConstraintError) {
        // 2015-01-27 mk: 200, see freelancers
        res.json({ error: 'login exists' });
        return;
      }
      throw err;
    }
    const rows = await db.query<UsrRow>('SELECT * FROM users WHERE usr_login = :login', {
      replacements: { login },
      type: QueryTypes.SELECT,
    });
    res.json(shown(rows[0]!));
  }

  async function update(req: Request, res: Response) {
    const row = await load(req, res);
    if (!row) return;
    const b = req.body || {};
    const set: Record<string, string | number | null> = {};
    if (b.usr_name !== undefined) {
      if (blank(b.usr_name)) {
        res.status(400).json({ error: 'usr_name missing' });
        return;
      }
      set.usr_name = text(b.usr_name);
    }
    if (b.usr_role !== undefined) {
      if (!ROLES.includes(b.usr_role)) {
        res.status(400).json({ error: 'usr_role invalid' });
        return;
      }
      set.usr_role = b.usr_role;
    }
    if (b.usr_active !== undefined) {
      const active = b.usr_active === true || b.usr_active === 1 || b.usr_active === '1' ? 1 : 0;
      // 2019-11-18 mk: somebody locked everybody out
      if (active === 0 && row.usr_id === req.session.usr_id) {
        res.status(400).json({ error: 'not yourself' });
        return;
      }
      set.usr_active = active;
    }
    if (b.pass !== undefined) {
      if (typeof b.pass !== 'string' || b.pass.length < 4) {
        res.status(400).json({ error: 'pass too short' });
        return;
      }
      set.usr_pass = hashPassword(b.pass);
    }
    await User.update(set, { where: { usr_id: row.usr_id } });
    res.json(shown((await find(row.usr_id))!));
  }

  // never really deleted, approvals hang on it. The session goes on until it ends, see needsLogin
  async function remove(req: Request, res: Response) {
    const row = await load(req, res);
    if (!row) return;
    if (row.usr_id === req.session.usr_id) {
      res.status(400).json({ error: 'not yourself' });
      return;
    }
    await User.update({ usr_active: 0 }, { where: { usr_id: row.usr_id } });
    res.json({ ok: true });
  }

  async function find(id: number): Promise<UsrRow | undefined> {
    const rows = await db.query<UsrRow>('SELECT * FROM users WHERE usr_id = :id', {
      replacements: { id },
      type: QueryTypes.SELECT,
    });
    return rows[0];
  }

  // answers itself when there is none
  async function load(req: Request, res: Response): Promise<UsrRow | null> {
    const id = parseInt(String(req.params.id), 10);
    if (Number.isNaN(id)) {
      res.status(500).json({ error: 'invalid id' });
      return null;
    }
    const row = id < 1 || id > MAX_INT ? undefined : await find(id);
    if (!row) {
      res.status(404).json({ error: 'user not found' });
      return null;
    }
    return row;
  }

  return { list, get, create, update, remove };
}

function shown(r: UsrRow) {
  return {
    usr_id: r.usr_id,
    usr_login: r.usr_login,
    usr_name: r.usr_name,
    usr_role: r.usr_role,
    // 2019-05-02 ts: true/false, the new grid wants it. the others still give 0/1 or Y/N
    usr_active: r.usr_active === 1,
    last_login: showDateTime(r.last_login),
    created: showDate(r.created),
  };
}
