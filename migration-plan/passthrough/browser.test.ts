import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Browser, type BrowserContext, chromium, type Download, type Page } from 'playwright-core';
import { sqliteDatabase } from '#acl/testing/databases.ts';
import { runToEnd } from '#acl/testing/process.ts';
import { Started, seed, startFacade, startMonolith } from './behind-facade.ts';
import { findChromium, flagsFor } from './chromium.ts';
import { NetworkLog } from './network-log.ts';
import { rawExchange } from './raw-exchange.ts';

jest.setTimeout(180_000);

const HOST = 'www.agentur.example';
const ORIGIN = `http://${HOST}`;
const SIZES = { freelancers: 150, customers: 15, projects: 30, timesheets: 1500 };

const program = findChromium(process.env);
if (program === null) test.skip('the pages in a browser: there is no Chromium on this machine', () => {});
else describe('the pages in a browser, through the facade', () => suite(program));

function suite(executablePath: string): void {
  const started = new Started();
  const folder = mkdtempSync(join(tmpdir(), 'fig-browser-'));
  let database: string;
  let legacy: string;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let log: NetworkLog;

  beforeAll(async () => {
    database = started.addDatabase(await sqliteDatabase()).url;
    await seed(database, SIZES);
    legacy = started.add(await startMonolith(database)).url;
    const facade = started.add(await startFacade(legacy, ORIGIN));
    const args = flagsFor(HOST, new URL(facade.url).port);
    browser = await chromium.launch({ executablePath, args, timeout: 120_000 });
    context = await browser.newContext({ locale: 'de-DE' });
    context.setDefaultTimeout(30_000);
    page = await context.newPage();
    log = new NetworkLog(context, ORIGIN);
  });
  afterAll(async () => {
    await browser?.close();
    await started.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const press = (name: string) => page.getByRole('button', { name }).first().click();
  const follow = (name: string) => page.getByRole('link', { name, exact: true }).first().click();
  const column = (title: string) =>
    page.$$eval(
      'table.list tr',
      (rows, wanted) => {
        const [head, ...body] = rows.map((row) => [...row.children].map((cell) => cell.textContent!.trim()));
        const at = head!.findIndex((cell) => cell.replace(/ [▲▼]$/, '') === wanted);
        return body.map((cells) => cells[at]!);
      },
      title,
    );
  const total = async () => Number.parseInt((await page.locator('#total').textContent())!, 10);
  const flash = () => page.locator('#flash').textContent();
  /** What the monolith itself gives to this browser's session. */
  const direct = async (target: string) => {
    const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    return rawExchange(legacy, HOST, { method: 'GET', target, headers: [['Cookie', cookie]] });
  };

  test('a stranger is led to the login, and from there to what was asked for', async () => {
    await page.goto(`${ORIGIN}/freelancers?q=m&sort=rate`);
    expect(new URL(page.url()).pathname).toBe('/login');
    await page.getByLabel('Name').fill('disp');
    await page.getByLabel('Kennwort').fill('falsch');
    await press('Anmelden');
    expect(await page.getByRole('alert').textContent()).toBe('Name oder Kennwort ist falsch.');
    await log.look(page);
    await page.getByLabel('Kennwort').fill('disp');
    await press('Anmelden');
    await page.waitForURL(`${ORIGIN}/freelancers?q=m&sort=rate`);
    expect(await page.locator('#who').textContent()).toContain('disp (dis)');
    await log.look(page);
  });

  test('searches, sorts both ways, turns pages', async () => {
    await follow('Freiberufler');
    const all = await total();
    await page.getByLabel('Suche').fill('MÜLLER');
    await press('Suchen');
    await page.waitForURL('**/freelancers?q=M%C3%9CLLER**');
    const found = await total();
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThan(all);
    await log.look(page);
    await page.getByLabel('Suche').fill('');
    await press('Suchen');
    await page.waitForURL('**/freelancers?q=&**');
    const rates = async () => (await column('Satz')).map((text) => Number(text.replace(/[^\d]/g, '')));
    await follow('Satz');
    await page.waitForURL('**/freelancers?sort=rate');
    const up = await rates();
    expect(up).toEqual([...up].sort((a, b) => a - b));
    await follow('Satz');
    await page.waitForURL('**/freelancers?sort=-rate');
    const down = await rates();
    expect(down).toEqual([...down].sort((a, b) => b - a));
    expect(down[0]).toBeGreaterThan(up[0]!);
    const first = await column('Nr.');
    await follow('weiter');
    await page.waitForURL('**page=2');
    const second = await column('Nr.');
    expect(second).not.toEqual(first);
    expect(await page.locator('#total').textContent()).toContain('Seite 2 von');
    await log.look(page);
    await follow('zurück');
    await page.waitForURL('**page=1');
    expect(await column('Nr.')).toEqual(first);
    for (const list of ['Kunden', 'Projekte', 'Stundenzettel', 'Zahlungen', 'Importe', 'Monatsbericht']) {
      await follow(list);
      await page.getByRole('heading', { name: list }).waitFor();
      await log.look(page);
    }
  });

  test('edits a freelancer: what is wrong is said, what is right is saved and said once', async () => {
    await follow('Freiberufler');
    await follow('bearbeiten');
    await page.waitForURL('**/edit');
    const edit = page.url();
    await page.getByLabel('Name').fill('Öztürk-Łuk, "Zoë" <b>');
    await page.getByLabel('Stundensatz (EUR)').fill('112,50');
    await page.getByLabel('verfügbar ab').fill('31.02.2027');
    await press('Speichern');
    expect(await page.getByRole('alert').textContent()).toContain('ungültig (TT.MM.JJJJ)');
    expect(await page.getByLabel('Name').inputValue()).toBe('Öztürk-Łuk, "Zoë" <b>');
    await log.look(page);
    await page.getByLabel('verfügbar ab').fill('28.02.2027');
    await press('Speichern');
    await page.locator('#flash').waitFor();
    expect(await flash()).toBe('Öztürk-Łuk, "Zoë" <b> ist gespeichert.');
    expect(page.url()).toBe(edit);
    await page.reload();
    expect(await page.locator('#flash').count()).toBe(0);
    expect(await page.getByLabel('Stundensatz (EUR)').inputValue()).toBe('112,50');
    expect(await page.getByLabel('verfügbar ab').inputValue()).toBe('28.02.2027');
  });

  test('uploads a data file and shows what became of every line', async () => {
    const file = join(folder, 'Büro März.dat');
    const made = await runToEnd('legacy-monolith/make-fibu.ts', [
      ...['--database', database, '--out', file, '--lines', '600'],
    ]);
    const [, ok, dup, bad] = /of them (\d+) good, (\d+) twice, (\d+) bad/.exec(made.stdout) ?? [];
    expect([ok, dup, bad].every((count) => Number(count) > 0)).toBe(true);
    await follow('Importe');
    await page.getByLabel('FIBU-Datei').setInputFiles(file);
    await press('Importieren');
    await page.waitForURL('**/imports/*');
    expect(await flash()).toBe(`Importiert: ${ok} neu, ${dup} doppelt, ${bad} abgelehnt.`);
    expect(await page.locator('table.list').first().textContent()).toContain('Büro März.dat');
    expect((await page.locator('table.list').nth(1).locator('tr').count()) - 1).toBe(Number(bad));
    await log.look(page);
    const rejects = page.waitForEvent('download');
    await follow('alle als Datei');
    await sameAsDirect(
      await rejects,
      new URL(page.url()).pathname.replace('/imports', '/api/imports').concat('/rejects'),
    );
    await follow('Importe');
    await page.getByLabel('FIBU-Datei').setInputFiles(file);
    await press('Importieren');
    await page.locator('#flash').waitFor();
    expect(await flash()).toBe('Diese Datei ist schon importiert.');
  });

  test('downloads: CSV with an umlaut in its name, and the statement as a PDF', async () => {
    await follow('Freiberufler');
    const freelancers = page.waitForEvent('download');
    await follow('CSV');
    expect((await sameAsDirect(await freelancers, '/freelancers.csv')).toString('latin1')).toContain(
      'Öztürk-?uk',
    );
    const [day] = await (async () => {
      await follow('Stundenzettel');
      await page.waitForURL('**/timesheets');
      return column('Tag');
    })();
    const month = day!.replace(/^\d\d\.(\d\d)\.(\d{4})$/, '$2-$1');
    await page.getByLabel('Monat').fill(month);
    await press('Suchen');
    await page.waitForURL(`**month=${month}**`);
    const hours = page.waitForEvent('download');
    await follow('CSV des Monats');
    const download = await hours;
    expect(download.suggestedFilename()).toBe(`Stundenübersicht ${month}.csv`);
    await sameAsDirect(download, `/timesheets.csv?month=${month}`);
    await follow('Zahlungen');
    await page.waitForURL('**/payments');
    const statement = await page.getByRole('link', { name: 'Abrechnung' }).first().getAttribute('href');
    const bytes = await page.evaluate(
      async (url) => [...new Uint8Array(await (await fetch(url)).arrayBuffer())],
      statement!,
    );
    expect(Buffer.from(bytes).subarray(0, 5).toString()).toBe('%PDF-');
    expect(Buffer.from(bytes)).toEqual((await direct(new URL(statement!).pathname)).body);
  });

  test('approves a timesheet, and the list that it was pressed on is one shorter', async () => {
    await page.goto(`${ORIGIN}/timesheets?stat=subm`);
    const before = await total();
    expect(before).toBeGreaterThan(0);
    await log.look(page);
    await press('freigeben');
    await page.locator('#flash').waitFor();
    expect(await flash()).toMatch(/^Stundenzettel \d+ ist freigegeben\.$/);
    expect(page.url()).toBe(`${ORIGIN}/timesheets?stat=subm`);
    expect(await total()).toBe(before - 1);
  });

  test('a payment run asks first', async () => {
    await follow('Zahlungen');
    await page.waitForURL('**/payments');
    const before = await total();
    await page.locator('#run').fill('2019-02');
    page.once('dialog', (dialog) => void dialog.dismiss());
    await press('Zahlungslauf');
    expect(page.url()).toBe(`${ORIGIN}/payments`);
    page.once('dialog', (dialog) => void dialog.accept());
    await press('Zahlungslauf');
    await page.locator('#flash').waitFor();
    expect(await flash()).toMatch(/^\d+ Zahlungen über \d+,\d\d EUR angelegt\.$/);
    expect(await total()).toBeGreaterThanOrEqual(before);
  });

  test('logs out, and is a stranger again', async () => {
    await press('Abmelden');
    await page.waitForURL('**/login');
    expect(await flash()).toBe('Sie sind abgemeldet.');
    await page.goto(`${ORIGIN}/payments`);
    expect(page.url()).toBe(`${ORIGIN}/login?next=%2Fpayments`);
  });

  test('nothing of all this pointed past the public endpoint', async () => {
    expect(await log.strays()).toEqual([]);
    // and it saw something
    expect(log.requests).toBeGreaterThan(40);
    expect(log.links).toBeGreaterThan(200);
  });

  /** The bytes of a download, after they were found to be the monolith's own. */
  async function sameAsDirect(download: Download, target: string): Promise<Buffer> {
    const bytes = readFileSync(await download.path());
    expect(bytes.length).toBeGreaterThan(20);
    expect(bytes.equals((await direct(target)).body)).toBe(true);
    return bytes;
  }
}
