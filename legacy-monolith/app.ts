import { join } from 'node:path';
import cookieParser from 'cookie-parser';
import ejs from 'ejs';
import express, { type NextFunction, type Request, type Response } from 'express';
import session from 'express-session';
import { BaseError, type Sequelize } from 'sequelize';
import { customerController } from './controllers/customers.ts';
import { freelancerController } from './controllers/freelancers.ts';
import { importController } from './controllers/imports.ts';
import { loginController } from './controllers/login.ts';
import { downloadPages } from './controllers/pages/downloads.ts';
import { freelancerPages } from './controllers/pages/freelancers.ts';
import { importPages } from './controllers/pages/imports.ts';
import { listPages } from './controllers/pages/lists.ts';
import { loginPages } from './controllers/pages/login.ts';
import { goTo, needsPageLogin, needsPageRole, pageLocals } from './controllers/pages/page.ts';
import { paymentController } from './controllers/payments.ts';
import { projectController } from './controllers/projects.ts';
import { reportController } from './controllers/reports.ts';
import { timesheetController } from './controllers/timesheets.ts';
import { userController } from './controllers/users.ts';
import { defineModels } from './db/models.ts';
import { needsAdmin, needsLogin, needsWrite } from './lib/auth.ts';
import { SessionStore } from './lib/session-store.ts';

export type LegacyApp = {
  readonly app: express.Express;
  /** Stops the session sweeper; the database stays open. */
  stop(): void;
};

/** The whole HTTP side over a migrated database. `onError` gets every failure that is answered with a 500. */
export function createApp(
  db: Sequelize,
  secret: string,
  onError: (error: unknown, req: Request) => void,
): LegacyApp {
  const models = defineModels(db);
  const store = new SessionStore(db);
  const app = express();
  app.engine('ejs', ejs.renderFile);
  app.set('view engine', 'ejs');
  app.set('views', join(import.meta.dirname, 'views'));
  // 2021-03-15 ts: the load balancer in front of us speaks https
  app.set('trust proxy', 'loopback');

  // before the session, the load balancer asks every second
  app.get('/ping', (_req, res) => {
    res.type('text').send('pong');
  });

  app.use('/static', express.static(join(import.meta.dirname, 'public'), { maxAge: '1h' }));
  app.use(express.json({ limit: '1mb' }));
  app.use(express.urlencoded({ extended: true, limit: '1mb' }));
  // No maxAge: the cookie ends with the browser, the row in the table 24 hours after it was last used.
  app.use(cookieParser());
  app.use(session({ store, secret, resave: false, saveUninitialized: false, rolling: false }));

  const login = loginController(db);
  app.post('/api/login', login.login);
  app.post('/api/logout', login.logout);
  app.get('/api/me', login.me);

  app.use('/api', needsLogin(store));

  const frl = freelancerController(db, models);
  app.get('/api/freelancers', frl.list);
  app.post('/api/freelancers', needsWrite, frl.create);
  app.get('/api/freelancers/:id', frl.get);
  app.put('/api/freelancers/:id', needsWrite, frl.update);
  app.post('/api/freelancers/:id/activate', needsWrite, frl.activate);
  app.post('/api/freelancers/:id/block', needsWrite, frl.block);
  app.delete('/api/freelancers/:id', needsAdmin, frl.remove);

  const usr = userController(db, models);
  app.get('/api/users', needsWrite, usr.list);
  app.post('/api/users', needsAdmin, usr.create);
  app.get('/api/users/:id', needsAdmin, usr.get);
  app.put('/api/users/:id', needsAdmin, usr.update);
  app.delete('/api/users/:id', needsAdmin, usr.remove);

  const cus = customerController(db, models);
  app.get('/api/customers', cus.list);
  app.post('/api/customers', needsWrite, cus.create);
  app.get('/api/customers/:id', cus.get);
  app.put('/api/customers/:id', needsWrite, cus.update);
  app.post('/api/customers/:id/activate', needsWrite, cus.activate);
  app.post('/api/customers/:id/deactivate', needsWrite, cus.deactivate);
  app.delete('/api/customers/:id', needsAdmin, cus.remove);

  const prj = projectController(db, models);
  app.get('/api/projects', prj.list);
  app.post('/api/projects', needsWrite, prj.create);
  app.get('/api/projects/:id', prj.get);
  app.put('/api/projects/:id', needsWrite, prj.update);
  app.post('/api/projects/:id/state', needsWrite, prj.setState);
  app.post('/api/projects/:id/freelancers', needsWrite, prj.assign);
  app.delete('/api/projects/:id/freelancers/:frl', needsWrite, prj.unassign);
  app.delete('/api/projects/:id', needsAdmin, prj.remove);

  const tsh = timesheetController(db, models);
  app.get('/api/timesheets', tsh.list);
  app.post('/api/timesheets', needsWrite, tsh.create);
  app.get('/api/timesheets/:id', tsh.get);
  app.put('/api/timesheets/:id', needsWrite, tsh.update);
  app.delete('/api/timesheets/:id', needsWrite, tsh.remove);
  app.post('/api/timesheets/:id/submit', needsWrite, tsh.submit);
  app.post('/api/timesheets/:id/approve', needsWrite, tsh.approve);
  app.post('/api/timesheets/:id/reject', needsWrite, tsh.reject);

  const pay = paymentController(db, models);
  app.get('/api/payments', pay.list);
  app.post('/api/payments/run', needsWrite, pay.run);
  app.get('/api/payments/:id', pay.get);
  app.post('/api/payments/:id/paid', needsAdmin, pay.paid);
  app.post('/api/payments/:id/fail', needsAdmin, pay.fail);

  const imp = importController(db);
  app.get('/api/imports', imp.list);
  app.post('/api/imports', needsWrite, imp.create);
  app.get('/api/imports/:id', imp.get);
  app.get('/api/imports/:id/rejects', imp.rejects);

  app.get('/api/reports/monthly', reportController(db).monthly);

  app.use(pageLocals);
  const logins = loginPages(login);
  app.get('/login', logins.form);
  app.post('/login', logins.login);
  app.post('/logout', logins.logout);
  app.use(needsPageLogin((req) => store.extend(req.sessionID, req.session)));
  const writes = needsPageRole('adm', 'dis');
  app.get('/', (req, res) => goTo(req, res, '/freelancers'));
  const lists = listPages(db, { frl, cus, prj, tsh, pay });
  app.get('/freelancers', lists.freelancers);
  app.get('/customers', lists.customers);
  app.get('/projects', lists.projects);
  app.get('/timesheets', lists.timesheets);
  app.post('/timesheets/:id/approve', writes, lists.approve);
  app.get('/payments', lists.payments);
  app.post('/payments/run', writes, lists.run);
  app.get('/reports/monthly', lists.report);
  const form = freelancerPages(frl);
  app.get('/freelancers/new', writes, form.blank);
  app.post('/freelancers', writes, form.create);
  app.get('/freelancers/:id/edit', form.edit);
  app.post('/freelancers/:id/edit', writes, form.save);
  const files = importPages(db, imp);
  app.get('/imports', files.list);
  app.post('/imports', writes, files.upload);
  app.get('/imports/:id', files.one);
  const downloads = downloadPages(db);
  app.get('/freelancers.csv', downloads.freelancers);
  app.get('/timesheets.csv', downloads.timesheets);
  app.get('/payments/:id/statement.pdf', downloads.statement);

  // Four parameters or express does not take it for an error handler.
  app.use((err: unknown, req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) {
      next(err);
      return;
    }
    const status = (err as { status?: number }).status;
    if (status !== undefined && status >= 400 && status < 500) {
      res.status(status).json({ error: 'bad request' });
      return;
    }
    onError(err, req);
    res.status(500).json({ error: err instanceof BaseError ? 'database error' : 'internal error' });
  });

  return { app, stop: () => store.stopExpiringSessions() };
}
