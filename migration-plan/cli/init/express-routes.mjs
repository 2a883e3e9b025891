// Preloaded into an Express application (`node --import`): when it listens, its routes are written to FIG_ROUTES_FILE, one
// `METHOD /path` a line. Runs inside of whatever Node that application has, and changes nothing it does.
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const file = process.env.FIG_ROUTES_FILE;
/** What is mounted in an application or router: pairs of path and handler. */
const children = new WeakMap();
/** Of all applications that listen in this process. */
const known = new Set();

function noteMounts(target) {
  const { use } = target;
  if (typeof use !== 'function') return;
  target.use = function (...given) {
    const isPath = [given[0]].flat().every((one) => typeof one === 'string' || one instanceof RegExp);
    const paths = isPath ? [given[0]].flat().map(written) : ['/'];
    const handlers = (isPath ? given.slice(1) : given).flat(Number.POSITIVE_INFINITY);
    const own = children.get(this) ?? [];
    children.set(this, own);
    for (const path of paths) for (const handler of handlers) own.push([path, handler]);
    return use.apply(this, given);
  };
}

/** No plan can match a regular expression, and whoever reads the lines says so. */
const written = (path) =>
  path instanceof RegExp ? `/RegExp(${path.source.replaceAll('\\/', '/').replace(/\s/g, '')})` : path;

function loadExpress() {
  try {
    return createRequire(join(process.cwd(), 'package.json'))('express');
  } catch {
    return null;
  }
}

const express = file ? loadExpress() : null;
if (express) {
  noteMounts(express.application);
  // Express 4 keeps a router's methods on the function itself, Express 5 on its prototype.
  noteMounts(express.Router.prototype?.use ? express.Router.prototype : express.Router);
  const { listen } = http.Server.prototype;
  http.Server.prototype.listen = function (...given) {
    for (const app of this.listeners('request')) for (const line of linesOf(app)) known.add(line);
    if (known.size > 0) writeFileSync(file, `${[...known].join('\n')}\n`);
    return listen.apply(this, given);
  };
}

function routerOf(handler) {
  if (typeof handler !== 'function') return null;
  if (Array.isArray(handler.stack)) return handler;
  try {
    // Express 5 has `router`; in Express 4 reading that throws, and `_router` is there.
    const router = handler._router ?? handler.router;
    return Array.isArray(router?.stack) ? router : null;
  } catch {
    return null;
  }
}

function linesOf(handler, prefix = '', above = []) {
  const router = routerOf(handler);
  if (!router || above.includes(router)) return [];
  const own = router.stack.flatMap(({ route }) => {
    if (!route) return [];
    const paths = [route.path]
      .flat()
      .filter((path) => typeof path === 'string' || path instanceof RegExp)
      .map(written);
    const names = Object.keys(route.methods);
    // `all` is one entry in Express 4, and every method there is in Express 5.
    const isAny = names.includes('_all') || names.length > 20;
    const methods = isAny ? ['*'] : names.map((name) => name.toUpperCase());
    return paths.flatMap((path) => methods.map((method) => `${method} ${joined(prefix, path)}`));
  });
  const mounted = [
    ...(children.get(handler) ?? []),
    ...(handler === router ? [] : (children.get(router) ?? [])),
  ];
  return [
    ...own,
    ...mounted.flatMap(([path, inner]) => linesOf(inner, joined(prefix, path), [...above, router])),
  ];
}

const joined = (prefix, path) => `${prefix}/${path}`.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '');
