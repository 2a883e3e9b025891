import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { removePostgresHome } from '../databases/postgres.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

/** `fig up` as a process of its own, in a folder of its own with a blank in its name. */
describe('fig up', () => {
  let folder: string;
  let child: ChildProcess;
  let children: ChildProcess[];
  let output: string;

  beforeEach(() => {
    children = [];
  });
  afterEach(async () => {
    // What a failed test left running is ended by what it says in its folder.
    for (const one of children) one.kill('SIGKILL');
    for (const line of left()) process.kill(Number.parseInt(line, 10), 'SIGKILL');
  });

  function inFreshFolder(): void {
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'fig up '));
    });
    afterAll(() => {
      removePostgresHome(join(folder, '.fig/postgres'));
      rmSync(folder, { recursive: true, force: true });
    });
  }

  function start(...more: string[]): void {
    output = '';
    const ports = ['--port', '0', '--admin-port', '0'];
    const plan = ['--plan', join(ROOT, 'migration-plan')];
    child = spawn(
      process.execPath,
      [join(ROOT, 'migration-plan/cli/run.ts'), 'up', ...plan, ...ports, ...more],
      {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    children.push(child);
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
  }

  async function said(text: string): Promise<void> {
    const deadline = Date.now() + 100_000;
    while (!output.includes(text)) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`never said "${text}":\n${output}`);
      await new Promise((done) => setTimeout(done, 10));
    }
  }

  /** Exit code of the process, which may have ended before anybody asked. */
  async function exitCode(): Promise<number | null> {
    if (child.exitCode === null && child.signalCode === null)
      await new Promise((done) => child.once('exit', done));
    return child.exitCode;
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    child.kill(signal);
    return exitCode();
  }

  /** `PID COMMAND` of processes that work in the folder or name it, or the Postgres home outside of it. */
  function left(): string[] {
    const location = join(folder, '.fig/postgres/location');
    const places = [folder, ...(existsSync(location) ? [readFileSync(location, 'utf8').trim()] : [])];
    return execFileSync('ps', ['-eo', 'pid=,command='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => {
        const text = `${line} ${workingFolder(Number.parseInt(line, 10))}`;
        return places.some((place) => text.includes(place));
      });
  }

  describe('that was never let come up', () => {
    inFreshFolder();

    it('interrupted anywhere it leaves no process, and the next start is whole', async () => {
      for (const moment of ['Postgres', 'seeding 30 %', 'relay at']) {
        start();
        await said(moment);
        expect([moment, await end('SIGINT')]).toEqual([moment, 0]);
        expect(output.trimEnd().split('\n').at(-1)).toBe('fig up: stopped; state stays in .fig/');
        expect(left()).toEqual([]);
        expect(existsSync(join(folder, '.fig/up.json'))).toBe(false);
      }
      start();
      await said('Everything is up.');
      const { publicUrl } = JSON.parse(readFileSync(join(folder, '.fig/up.json'), 'utf8')) as {
        publicUrl: string;
      };
      const login = await fetch(`${publicUrl}/api/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ user: 'admin', pass: 'admin' }),
      });
      expect(login.status).toBe(200);
      const rows = await fetch(`${publicUrl}/api/freelancers?size=1`, {
        headers: {
          cookie: login.headers
            .getSetCookie()
            .map((one) => one.split(';')[0])
            .join('; '),
        },
      });
      expect(Number(rows.headers.get('x-total-count'))).toBeGreaterThan(900);
      expect(await end('SIGTERM')).toBe(0);
      expect(left()).toEqual([]);
    }, 240_000);
  });

  describe('in a folder where it was up before', () => {
    inFreshFolder();

    it('copies the rows again when the store they were copied to is gone', async () => {
      start();
      await said('copied freelancers into the new service');
      await said('Everything is up.');
      await end('SIGINT');
      removePostgresHome(join(folder, '.fig/postgres'));
      rmSync(join(folder, '.fig/postgres'), { recursive: true });
      start();
      await said('copied freelancers into the new service');
      await said('Everything is up.');
      await end('SIGINT');
      start();
      await said('Everything is up.');
      expect(output).not.toContain('copied');
      expect(await end('SIGINT')).toBe(0);
    }, 240_000);

    it('ends what a killed start left behind, and refuses a second start beside a living one', async () => {
      start();
      await said('Everything is up.');
      const first = child;
      await end('SIGKILL');
      // Databases and all four services.
      expect(left().length).toBeGreaterThanOrEqual(6);

      start();
      await said(
        'ended what an earlier, killed start left running: legacy, freelancers, timesheets, gateway, relay, facade',
      );
      await said('Everything is up.');
      const living = child;
      start();
      await said('already running in this folder');
      expect(await exitCode()).toBe(1);

      child = living;
      expect(await end('SIGINT')).toBe(0);
      expect(first.signalCode).toBe('SIGKILL');
      expect(left()).toEqual([]);
    }, 240_000);

    it('names a public port that is taken, and starts nothing', async () => {
      const holder = createServer();
      await new Promise<void>((done) => holder.listen(0, '127.0.0.1', done));
      const { port } = holder.address() as { port: number };
      start('--port', String(port));
      expect(await exitCode()).toBe(1);
      expect(output).toContain(
        `port ${port} (public) is in use by another program. Do: stop that program, or start`,
      );
      expect(output).not.toContain('Postgres');
      holder.close();
    });
  });
});

/** Services are started by a script's path alone; what tells them apart is the folder they work in. */
function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
