import type { NextFunction, Request, RequestHandler, Response } from 'express';

/** Where a browser believes to be. 2013-05-14 mk: from the Host header, we have moved four times. */
function origin(req: Request): string {
  const host = req.get('host');
  return host ? `${req.protocol}://${host}` : '';
}

/** What every view can use: base for links, the path, who is there, the flash of the request before. */
export function pageLocals(req: Request, res: Response, next: NextFunction): void {
  res.locals.base = origin(req);
  res.locals.path = req.path;
  res.locals.user = req.session?.usr_login || '';
  res.locals.role = req.session?.usr_role || '';
  next();
}

/** Shows a view; a flash is shown once, with the next page that is a page. */
export function show(req: Request, res: Response, view: string, values: Record<string, unknown> = {}): void {
  const flash = req.cookies?.flash;
  if (flash !== undefined) res.clearCookie('flash', { path: '/', httpOnly: true });
  res.render(view, { ...values, flash: typeof flash === 'string' ? flash.slice(0, 500) : '' });
}

/** Goes on to a page of ours, absolute as old browsers wanted it, with a message for it. */
export function goTo(req: Request, res: Response, path: string, flash?: string): void {
  if (flash) res.cookie('flash', flash, { path: '/', httpOnly: true });
  res.redirect(origin(req) + path);
}

/** A path of ours or the fallback. SECURITY: never another host, also not as //host or with a backslash (2018 audit 3.4). */
export function localPath(v: unknown, fallback: string): string {
  const path = typeof v === 'string' ? v : '';
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && path.length <= 1000 ? path : fallback;
}

/** Pages want a session, and send to the login without one. */
export function needsPageLogin(extend: (req: Request) => Promise<void>): RequestHandler {
  return async (req, res, next) => {
    if (!req.session.usr_id) {
      const back = req.method === 'GET' ? localPath(req.originalUrl, '') : '';
      goTo(req, res, back && back !== '/' ? `/login?next=${encodeURIComponent(back)}` : '/login');
      return;
    }
    await extend(req);
    next();
  };
}

/** As needsWrite and needsAdmin, with a page. */
export function needsPageRole(...roles: string[]): RequestHandler {
  return (req, res, next) => {
    if (roles.includes(req.session.usr_role || '')) {
      next();
      return;
    }
    res.status(403);
    show(req, res, 'message', { title: 'Kein Recht', text: 'Dafür haben Sie kein Recht.' });
  };
}

type Handler = (req: Request, res: Response) => Promise<void>;
export type Called<T> = { readonly status: number; readonly body: T; readonly total: number };

/**
 * Asks one of our own API functions and gives what it would have answered. 2016-01-08 mk: so that form and API check
 * the same and show the same. `params` and `body` stand in for those of the page's request.
 */
export async function call<T>(
  handler: Handler,
  req: Request,
  given: { params?: Record<string, string>; body?: unknown; query?: Record<string, unknown> } = {},
): Promise<Called<T>> {
  const headers: Record<string, string> = {};
  let status = 200;
  let body: unknown;
  const res = {
    status(code: number) {
      status = code;
      return res;
    },
    set(name: string, value: string) {
      headers[name.toLowerCase()] = value;
      return res;
    },
    json(value: unknown) {
      body = value;
      return res;
    },
  };
  // on top of the request: a login makes it a new session
  const asked = Object.create(req, {
    params: { value: given.params ?? req.params },
    query: { value: given.query ?? req.query },
    body: { value: given.body ?? req.body },
  });
  await handler(asked as Request, res as unknown as Response);
  return { status, body: body as T, total: Number(headers['x-total-count'] ?? 0) };
}

/** The error of an answer of ours, '' when it is none. Some come with a 200. */
export function errorOf({ body }: Called<unknown>): string {
  const error = (body as { error?: unknown } | undefined)?.error;
  return typeof error === 'string' ? error : '';
}

/** A link to the same list with something changed; what is empty is left out. */
export function linkTo(base: string, path: string, query: Record<string, unknown>): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    typeof value === 'string' && value !== ''
      ? [`${encodeURIComponent(key)}=${encodeURIComponent(value)}`]
      : [],
  );
  return base + path + (pairs.length > 0 ? `?${pairs.join('&')}` : '');
}
