import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from './databases/process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Somebody else's application: nothing of it knows of this project. */
const SHOP = `const express = require('express');
const articles = express.Router();
articles.get('/:id', (request, response) => response.json({ id: Number(request.params.id), price: Number(process.env.PRICE || 10) }));
articles.post('/', (request, response) => response.status(201).json({}));
const app = express();
app.use('/api/articles', articles);
app.get('/api/authors', (request, response) => response.json([]));
app.listen(Number(process.env.SHOP_PORT), '127.0.0.1');
`;

const running: ChildProcess[] = [];
const ports: Record<'3000' | '4102' | '8080' | '8081', number> = { 3000: 0, 4102: 0, 8080: 0, 8081: 0 };
let folder: string;
let home: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fig-own-'));
  home = join(folder, 'clone');
  mkdirSync(home);
  for (const part of [
    'package.json',
    'node_modules',
    'facade',
    'migration-plan',
    'acl',
    'legacy-monolith',
    'new-services',
  ])
    symlinkSync(join(ROOT, part), join(home, part));
  mkdirSync(join(folder, 'shop', 'node_modules'), { recursive: true });
  writeFileSync(join(folder, 'shop', 'server.js'), SHOP);
  writeFileSync(join(folder, 'shop', 'package.json'), '{ "name": "shop" }');
  symlinkSync(join(ROOT, 'node_modules', 'express'), join(folder, 'shop', 'node_modules', 'express'));
  for (const port of Object.keys(ports) as (keyof typeof ports)[]) ports[port] = await freePort();
});
afterAll(async () => {
  for (const child of running) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    try {
      process.kill(-(child.pid as number), 'SIGTERM');
      await gone;
    } catch {
      // It has ended.
    }
  }
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const env = () => {
  const { FIG_ADMIN_TOKEN: _, FIG_TOKEN: __, NODE_OPTIONS: ___, ...rest } = process.env;
  return {
    ...rest,
    PORT: String(ports[8080]),
    ADMIN_PORT: String(ports[8081]),
    FIG_ADMIN_URL: `http://127.0.0.1:${ports[8081]}`,
  };
};
const withPorts = (line: string) =>
  line.replace(/\b(3000|4102|8080)\b/g, (port) => String(ports[port as '3000']));

function background(command: string, cwd: string, more: Record<string, string> = {}): void {
  running.push(
    spawn('bash', ['-c', command], { cwd, detached: true, stdio: 'ignore', env: { ...env(), ...more } }),
  );
}

async function answers(port: number): Promise<void> {
  for (let n = 0; ; n++) {
    const answer = await fetch(`http://127.0.0.1:${port}/api/articles/1`).catch(() => null);
    if (answer?.ok) return;
    if (n > 300) throw new Error(`nobody answers at ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('OWN-MONOLITH.md, word for word, leads from an application of somebody else to its first shadow report', async () => {
  const text = readFileSync(join(ROOT, 'migration-plan', 'OWN-MONOLITH.md'), 'utf8');
  const commands = [...text.matchAll(/```sh\n([^`]*)```/g)].flatMap(([, block]) =>
    (block as string).trim().split('\n'),
  );
  const said = new Map<string, string>();
  for (const command of commands) {
    const line = withPorts(command);
    if (command.startsWith('npm run facade')) {
      background('node server.js', join(folder, 'shop'), { SHOP_PORT: String(ports[3000]) });
      await answers(ports[3000]);
      background(line, home);
      await answers(ports[8080]);
      continue;
    }
    // The new service, with a wrong price.
    if (command.startsWith('npx fig advance')) {
      background('node server.js', join(folder, 'shop'), { SHOP_PORT: String(ports[4102]), PRICE: '11' });
      await answers(ports[4102]);
    }
    const more = command.startsWith('npx fig init') ? { SHOP_PORT: String(ports[3000]) } : {};
    const done = await promisify(execFile)('bash', ['-c', line], { cwd: home, env: { ...env(), ...more } });
    said.set(command, done.stdout);
    if (command.startsWith('npx fig init')) {
      const plan = join(home, 'shop', 'plan.yaml');
      writeFileSync(plan, readFileSync(plan, 'utf8').replace(':4102', `:${ports[4102]}`));
    }
    if (command.startsWith('for n in')) await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  const of = (start: string) => said.get(commands.find((command) => command.startsWith(start)) ?? '') ?? '';
  expect(of('npx fig init')).toMatch(/3 endpoints of the list of routes, in 2 routes:\n/);
  expect(of('curl -si')).toMatch(/x-fig-upstream: legacy\r\nx-fig-reason: STAGE\r\n/i);
  expect(of('npx fig advance')).toContain('articles: legacy → shadow (version 1)');
  expect(of('npx fig observations articles')).toMatch(/\$\.price(?:.|\n)*10(?:.|\n)*11/);
  expect(of('npx fig status')).toMatch(/articles +shadow/);
  expect(readFileSync(join(home, 'observations.html'), 'utf8')).toContain('$.price');
  expect(readFileSync(join(home, 'articles.ndjson'), 'utf8')).toContain('"end/1"');
}, 240_000);
