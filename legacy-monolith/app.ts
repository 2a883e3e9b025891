import express, { type NextFunction, type Request, type Response } from 'express';
import session from 'express-session';
import { BaseError, type Sequelize } from 'sequelize';
import { freelancerController } from './controllers/freelancers.ts';
import { loginController } from './controllers/login.ts';
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

  app.get('/ping', (_req, res) => {
    res.type('text').send('pong');
  });

  app.use(express.json({ limit: '1mb' }));
  app.use(express.urlencoded({ extended: true, limit: '1mb' }));
  // No maxAge: the cookie ends with the browser, the row in the table 24 hours after it was last used.
  app.use('/api', session({ store, secret, resave: false, saveUninitialized: false, rolling: false }));

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
