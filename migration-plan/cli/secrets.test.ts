import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RealFacade } from './test-kit/real-facade.ts';

type Answer = { readonly type: string; readonly body: string; readonly headers?: Record<string, string> };

/** Of each request: what it is answered with, where `S` is a secret of that side, and which one it brings itself. */
const PLANTED: Readonly<Record<string, (S: string) => Answer>> = {
  '/api/csv': (S) => ({ type: 'text/csv', body: `name,password,city\njane,${S},Rome\njoe,"${S}",Oslo\n` }),
  '/api/xml': (S) => ({ type: 'application/xml', body: `<user>\n<password>\n ${S}\n</password>\n</user>` }),
  '/api/yaml': (S) => ({ type: 'application/yaml', body: `user: jane\npassword:\n  ${S}\nage: 7\n` }),
  '/api/param': (S) => ({ type: 'text/xml', body: `<x>\n<param name="password"\n>${S}</param>\n</x>` }),
  '/api/terms': (S) => ({ type: 'text/html', body: `<dl><dt>Password<dd>${S}<dt>City<dd>Rome</dl>` }),
  '/api/choice': (S) => ({ type: 'text/html', body: `<select name=pin><option value=${S}>${S}</select>` }),
  '/api/moved': (S) => ({
    type: 'text/plain',
    body: 'moved',
    headers: { location: `/reset/${S}?code=${S}`, link: `</verify/${S}?sig=${S}>; rel=next` },
  }),
  '/api/digest': (S) => ({
    type: 'text/plain',
    body: `Authorization: Digest username="jane", response="${S}"`,
    headers: { 'authentication-info': `nextnonce="${S}", rspauth="${S}"` },
  }),
  '/api/order': (S) => ({
    type: 'text/csv',
    body: `user,token\n${S < 'L' ? `b,${S}\na,1` : `a,1\nb,${S}`}\n`,
  }),
};
/** Looks drawn, so that it is one behind `code=` too; the same on both sides begins in the same way. */
const secretOf = (side: 'legacy' | 'candidate', n: number) =>
  `${side === 'legacy' ? 'Z' : 'C'}9xQ7f${n}Kz2LmW4t`;
/** A word for all that it looks like. */
const BROUGHT = 'correct-horse-battery';
const paths = Object.keys(PLANTED);
const servers: Server[] = [];
let facade: RealFacade;

async function serve(side: 'legacy' | 'candidate'): Promise<string> {
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    const at = paths.indexOf(url);
    if (at !== -1) {
      const { type, body, headers } = PLANTED[url]!(secretOf(side, at));
      return response.writeHead(200, { 'content-type': type, ...headers }).end(body);
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    // Repeated as the name of a member.
    const name = request.headers.authorization === undefined ? 'jane' : BROUGHT;
    response.end(JSON.stringify({ [name]: { price: side }, users: { [name]: side }, city: side }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  const [legacy, candidate] = [await serve('legacy'), await serve('candidate')];
  facade = new RealFacade({
    'plan.yaml': `version: 1\nlegacy: { url: "${legacy}" }\ncandidates: { catalog: { url: "${candidate}" } }\n`,
    'routes/articles.yaml': `route: articles
match: ["GET /api/*rest"]
candidate: catalog
stages: [shadow, candidate]
shadow: { noise: 0% }
compare: { headers: [location, link, authentication-info] }
guardrails: { mismatch: { max: 0.1% } }
`,
  });
  await facade.start(['--port', '0']);
  const advanced = await facade.fig(['advance', 'articles', '--reason', 'to be shadowed']);
  expect(advanced).toMatchObject({ code: 0 });
}, 120_000);
afterAll(async () => {
  await facade.remove();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
}, 60_000);

test('20 places that name a secret: none is in samples, reports, recordings, log, ledger or stored state', async () => {
  const ask = async (path: string, headers = {}) => (await fetch(facade.url + path, { headers })).text();
  const output = 'all.ndjson';
  const recording = facade.fig(['record', 'articles', '--limit', `${paths.length + 4}`, '--output', output]);
  const until = Date.now() + 30_000;
  while (!readdirSync(facade.cwd).includes(output) && Date.now() < until) {
    await ask('/api/nothing');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const path of paths) await ask(path);
  const granting = ['reset', 'invite', 'magic-link', 'verify'];
  for (const [n, word] of granting.entries())
    await ask(`/api/${word}/${secretOf('legacy', 20 + n)}/x`, { authorization: `Bearer ${BROUGHT}` });
  expect(await recording).toMatchObject({ code: 0 });

  let seen = { out: '' };
  for (let n = 0; n < 100 && !/"inFlight": ?0\b/.test(seen.out); n++)
    seen = await facade.fig(['observations', 'articles', '--json']);
  const reports = [
    seen,
    await facade.fig(['observations', 'articles']),
    await facade.fig(['observations', 'articles', '--suggest']),
    await facade.fig(['observations', 'articles', '--html', 'page.html']),
    await facade.fig(['evidence', 'articles', '--json']),
  ].map(({ out }) => out);
  await facade.stop();
  // Each of them is there to be seen, and the secrets in them are not.
  const { fields, endpoints } = JSON.parse(seen.out);
  const rowsOf = (path: string) =>
    fields.filter((field: { endpoint: string }) => field.endpoint === `GET ${path}`);
  for (const path of paths) expect([path, rowsOf(path).length]).toEqual([path, expect.any(Number)]);
  for (const path of paths)
    expect([path, JSON.stringify(rowsOf(path))]).toEqual([path, expect.stringContaining('REDACTED-')]);
  expect(JSON.stringify(rowsOf('/api/csv'))).toMatch(/jane,REDACTED-password-\d-16,Rome/);
  const templates = endpoints.map(({ template }: { template: string }) => template);
  expect(templates).toEqual(expect.arrayContaining(granting.map((word) => `GET /api/${word}/:id/x`)));
  expect(fields.map(({ path }: { path: string }) => path)).toEqual(
    expect.arrayContaining(['$.*.price', '$.users.*', '$.city']),
  );
  expect(reports.join('\n')).toContain('Rome');
  const files = readdirSync(facade.cwd, { recursive: true, encoding: 'utf8' })
    .map((name) => join(facade.cwd, name))
    .filter((name) => statSync(name).isFile());
  expect(files.some((name) => name.endsWith('page.html'))).toBe(true);
  expect(files.some((name) => name.endsWith(output))).toBe(true);
  const everything = [...reports, facade.output, ...files.map((name) => readFileSync(name, 'utf8'))].join(
    '\n',
  );
  const secrets = [
    BROUGHT,
    ...Array.from({ length: 24 }, (_, n) => [secretOf('legacy', n), secretOf('candidate', n)]),
  ].flat();
  const shown = everything.toLowerCase();
  expect(secrets.filter((secret) => shown.includes(secret.toLowerCase()))).toEqual([]);
}, 180_000);
