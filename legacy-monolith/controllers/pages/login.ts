import type { Request, Response } from 'express';
import type { loginController } from '../login.ts';
import { call, errorOf, goTo, localPath, show } from './page.ts';

/** GET and POST /login, POST /logout. */
export function loginPages(api: ReturnType<typeof loginController>) {
  async function form(req: Request, res: Response) {
    const next = localPath(req.query.next, '');
    show(req, res, 'login', { next, name: '', error: '' });
  }

  async function login(req: Request, res: Response) {
    const b = req.body || {};
    const next = localPath(b.next, '/freelancers');
    const asked = await call(api.login, req);
    if (errorOf(asked) !== '') {
      // 200 and the form again, as everybody did
      show(req, res, 'login', {
        next: localPath(b.next, ''),
        name: typeof b.user === 'string' ? b.user : '',
        error: 'Name oder Kennwort ist falsch.',
      });
      return;
    }
    goTo(req, res, next);
  }

  async function logout(req: Request, res: Response) {
    await call(api.logout, req);
    goTo(req, res, '/login', 'Sie sind abgemeldet.');
  }

  return { form, login, logout };
}
