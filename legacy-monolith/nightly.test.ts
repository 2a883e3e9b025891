import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { nightly } from './lib/nightly.ts';
import { contentOf, describeOnEveryDatabase } from './testing/databases.ts';
import { describeOffice, OLD } from './testing/office.ts';

const TODAY = '2026-07-10';
const NOW = '2026-07-10 02:30:00';

function command(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(import.meta.dirname, 'nightly.ts'), ...args],
      { env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

describeOffice('the nightly job', (office) => {
  const job = async () =>
    new Map((await nightly(office.db, TODAY, NOW)).map(({ step, rows }) => [step, rows]));
  const project = async (body: object, stat: string) => {
    const { prj_id } = (
      await office.disp
        .post('/api/projects')
        .send({ prj_title: 'Nacht', cus_id: 1, date_from: '01.01.2026', ...body })
        .expect(200)
    ).body;
    await office.db.query(`UPDATE projects SET prj_stat = '${stat}' WHERE prj_id = ${prj_id}`);
    await office.makeOld(`projects WHERE prj_id = ${prj_id}`);
    return prj_id as number;
  };
  const freelancer = async (avail_from: string) => {
    const { frl_id } = (
      await office.disp.post('/api/freelancers').send({ frl_name: 'Nacht, Nora', avail_from }).expect(200)
    ).body;
    await office.makeOld(`freelancers WHERE frl_id = ${frl_id}`);
    return frl_id as number;
  };

  describe('projects over', () => {
    test('become done behind the API, which lets nobody go from open to done', async () => {
      await job();
      const over = await project({ date_to: '09.07.2026' }, 'run');
      const open = await project({ date_to: '01.01.2026' }, 'open');
      const stays = [
        await project({ date_to: '10.07.2026' }, 'run'),
        await project({ date_to: '' }, 'run'),
        await project({ date_to: '01.01.2026' }, 'hold'),
        await project({ date_to: '01.01.2026' }, 'plan'),
      ];
      const zero = await project({}, 'run');
      await office.db.query(`UPDATE projects SET date_to = '0000-00-00' WHERE prj_id = ${zero}`);
      expect((await job()).get('projects over')).toBe(2);
      for (const id of [over, open]) {
        const { body } = await office.guest.get(`/api/projects/${id}`).expect(200);
        // nobody sees in changed that it was changed, and nothing is in the log
        expect(body).toMatchObject({ prj_stat: 'done', changed: OLD });
        expect(await office.count(`chg_log WHERE chg_tab = 'projects' AND chg_id = ${id}`)).toBe(0);
      }
      for (const id of [...stays, zero])
        expect((await office.guest.get(`/api/projects/${id}`)).body.prj_stat).not.toBe('done');
      // the zero date is shown as no date
      expect((await office.guest.get(`/api/projects/${zero}`)).body.date_to).toBe('');
    });
  });

  test('invoices of nothing are paid', async () => {
    await office.disp
      .post('/api/imports')
      .set('content-type', 'text/plain')
      .send(
        '00;FIBU;20260701;1\r\n10;NULL-1;C0000001;;01.06.2026;01.07.2026;0,00;0,00;0,00;O\r\n10;NULL-2;C0000001;;01.06.2026;01.07.2026;0,01;0,00;0,01;O\r\n99;2;0,01\r\n',
      )
      .expect(200);
    expect((await job()).get('invoices of nothing paid')).toBe(1);
    const stats = await office.rows(
      "SELECT inv_stat FROM invoices WHERE inv_no LIKE 'NULL-%' ORDER BY inv_no",
    );
    expect(stats.map((row) => row.inv_stat)).toEqual(['paid', 'open']);
  });

  test('who is on a running project is free from the day after; a later day that somebody wrote stays', async () => {
    await job();
    const prj_id = await project({}, 'run');
    const assign = (frl_id: number, date_to: string, id = prj_id) =>
      office.disp.post(`/api/projects/${id}/freelancers`).send({ frl_id, date_to }).expect(200);
    const [never, early, late, open] = [
      await freelancer(''),
      await freelancer('01.01.2026'),
      await freelancer('24.12.2026'),
      await freelancer(''),
    ];
    const [gone, held] = [await freelancer('01.01.2026'), await freelancer('01.01.2026')];
    await assign(never, '31.08.2026');
    await assign(never, '30.09.2026', await project({}, 'run'));
    await assign(early, '31.12.2026');
    await assign(late, '31.08.2026');
    await assign(open, '');
    await assign(gone, '09.07.2026');
    await assign(held, '31.08.2026', await project({}, 'hold'));
    await office.db.query(`UPDATE freelancers SET avail_from = '0000-00-00' WHERE frl_id = ${early}`);
    expect((await job()).get('freelancers busy')).toBe(2);
    for (const [id, free] of [
      [never, '01.10.2026'],
      [early, '01.01.2027'],
      [late, '24.12.2026'],
      [open, ''],
      [gone, '01.01.2026'],
      [held, '01.01.2026'],
    ])
      expect([id, (await office.guest.get(`/api/freelancers/${id}`)).body]).toMatchObject([
        id,
        { avail_from: free, changed: OLD },
      ]);
    // his own word is lost at the next run
    await office.disp.put(`/api/freelancers/${never}`).send({ avail_from: '' }).expect(200);
    expect((await job()).get('freelancers busy')).toBe(1);
    expect((await office.guest.get(`/api/freelancers/${never}`)).body.avail_from).toBe('01.10.2026');
  });

  test('who is on a project until 31.12.9999 has no day after it, and holds up nobody', async () => {
    await job();
    const endless = await project({}, 'run');
    const other = await project({}, 'run');
    const assign = (id: number, frl_id: number, date_to: string) =>
      office.disp.post(`/api/projects/${id}/freelancers`).send({ frl_id, date_to }).expect(200);
    const [never, written, next] = [
      await freelancer(''),
      await freelancer('01.01.2026'),
      await freelancer(''),
    ];
    await assign(endless, never, '31.12.9999');
    await assign(other, never, '30.09.2026');
    await assign(endless, written, '31.12.9999');
    await assign(endless, next, '30.12.9999');
    expect((await job()).get('freelancers busy')).toBe(1);
    for (const [id, avail_from] of [
      [never, ''],
      [written, '01.01.2026'],
      [next, '31.12.9999'],
    ] as const)
      expect((await office.guest.get(`/api/freelancers/${id}`)).body).toMatchObject({
        avail_from,
        changed: OLD,
      });
    for (const [id, frl_id] of [
      [endless, never],
      [endless, written],
      [other, never],
      [endless, next],
    ])
      await office.disp.delete(`/api/projects/${id}/freelancers/${frl_id}`).expect(200);
  });

  test('customers with 250,000 paid within a year are VIP, and stay it', async () => {
    const made = async (no: string, net: string, day: string, stat: string) => {
      const { cus_id, cus_no } = (
        await office.disp
          .post('/api/customers')
          .send({ cus_name: `VIP ${no}` })
          .expect(200)
      ).body;
      await office.disp
        .post('/api/imports')
        .set('content-type', 'text/plain')
        .send(
          `00;FIBU;20260701;1\r\n10;${no};${cus_no};;${day};01.07.2026;${net};0,00;${net};${stat}\r\n99;1;${net}\r\n`,
        )
        .expect(200);
      await office.makeOld(`customers WHERE cus_id = ${cus_id}`);
      return cus_id as number;
    };
    const just = await made('VIP-1', '250000,00', '10.07.2025', 'B');
    const others = [
      await made('VIP-2', '249999,99', '01.06.2026', 'B'),
      await made('VIP-3', '250000,00', '09.07.2025', 'B'),
      await made('VIP-4', '250000,00', '01.06.2026', 'T'),
    ];
    await job();
    expect((await office.guest.get(`/api/customers/${just}`)).body).toMatchObject({
      is_vip: 1,
      changed: OLD,
    });
    for (const id of others) expect((await office.guest.get(`/api/customers/${id}`)).body.is_vip).toBe(0);
    // the 2 of an old row is a yes and stays a 2
    await office.db.query(`UPDATE customers SET is_vip = 2 WHERE cus_id = ${just}`);
    await office.db.query("DELETE FROM invoices WHERE inv_no = 'VIP-1'");
    await job();
    expect((await office.guest.get(`/api/customers/${just}`)).body.is_vip).toBe(2);
  });

  test('sessions that have ended are swept, the others are not', async () => {
    const [agent, gone] = [await office.server.login('guest'), await office.server.login('guest')];
    const sid = await office.value('SELECT sid FROM sessions LIMIT 1');
    await office.db.query(`UPDATE sessions SET expires = '2026-07-10 02:29:59' WHERE sid = '${sid}'`);
    expect((await job()).get('sessions over')).toBe(1);
    const answers = [
      await agent.get('/api/me'),
      await gone.get('/api/me'),
      await office.guest.get('/api/me'),
      await office.disp.get('/api/me'),
      await office.admin.get('/api/me'),
    ];
    expect(answers.map((res) => res.status).sort()).toEqual([200, 200, 200, 200, 401]);
    await office.close();
    await office.open();
  });

  test('the statistics of this month and the two before it are thrown away and counted again, by the name of the customer', async () => {
    const add = async (cus_name: string, net: string, no: string) => {
      const { cus_no } = (await office.disp.post('/api/customers').send({ cus_name }).expect(200)).body;
      await office.disp
        .post('/api/imports')
        .set('content-type', 'text/plain')
        .send(
          `00;FIBU;20260701;1\r\n10;${no};${cus_no};;05.06.2026;01.07.2026;${net};0,00;${net};O\r\n99;1;${net}\r\n`,
        )
        .expect(200);
    };
    // two of one name are one line
    await add('Zwilling ĄĘ', '10,10', 'STA-1');
    await add('Zwilling ĄĘ', '0,20', 'STA-2');
    await office.db.query(
      "INSERT INTO stat_month (sta_month, cus_name, created) VALUES ('2026-06', 'old', '2026-07-01 00:00:00'), ('2026-03', 'kept', '2026-04-01 00:00:00')",
    );
    const steps = await job();
    expect([...steps.keys()].filter((step) => step.startsWith('statistics'))).toEqual([
      'statistics 2026-07',
      'statistics 2026-06',
      'statistics 2026-05',
    ]);
    expect(await office.count("stat_month WHERE cus_name = 'old'")).toBe(0);
    expect(await office.count("stat_month WHERE cus_name = 'kept'")).toBe(1);
    const [twin] = await office.rows("SELECT * FROM stat_month WHERE cus_name LIKE 'Zwilling%'");
    expect(twin).toMatchObject({ sta_month: '2026-06', cus_name: 'Zwilling ??', tsh_cnt: 0, created: NOW });
    expect(Number(twin!.net)).toBe(10.3);
    // approved and paid hours of the month, to the cent
    const [sums] = await office.rows(
      "SELECT SUM(tsh_cnt) AS cnt, SUM(hours) AS hours, SUM(cost) AS cost FROM stat_month WHERE sta_month = '2026-06'",
    );
    const [wanted] = await office.rows(
      "SELECT COUNT(*) AS cnt, SUM(tsh_hours) AS hours, SUM(ROUND(tsh_hours * rate_ct)) AS cost FROM timesheets WHERE tsh_day LIKE '2026-06%' AND tsh_stat IN ('appr', 'paid')",
    );
    expect(Number(sums!.cnt)).toBe(Number(wanted!.cnt));
    expect(Number(sums!.cnt)).toBeGreaterThan(0);
    expect(Number(sums!.hours)).toBe(Number(wanted!.hours));
    expect(Math.round(Number(sums!.cost) * 100)).toBe(Number(wanted!.cost));
  });

  test('a second run of the same night changes nothing', async () => {
    await job();
    const [content, statistics] = [await contentOf(office.db), await office.rows('SELECT * FROM stat_month')];
    const again = await job();
    for (const step of [
      'projects over',
      'invoices of nothing paid',
      'freelancers busy',
      'customers vip',
      'sessions over',
    ])
      expect([step, again.get(step)]).toEqual([step, 0]);
    expect(await contentOf(office.db)).toEqual(content);
    expect(await office.rows('SELECT * FROM stat_month')).toEqual(statistics);
  });

  test('several at once, while people work, end as one that was alone; nobody is hindered', async () => {
    await office.db.query("DELETE FROM stat_month WHERE sta_month >= '2026-05'");
    const { prj_id } = (
      await office.disp
        .post('/api/projects')
        .send({ prj_title: 'Nachtschicht', cus_id: 1, date_from: '01.06.2026', date_to: '31.12.2026' })
        .expect(200)
    ).body;
    await office.disp.post(`/api/projects/${prj_id}/state`).send({ prj_stat: 'open' }).expect(200);
    await office.disp.post(`/api/projects/${prj_id}/state`).send({ prj_stat: 'run' }).expect(200);
    let over = false;
    const work = async (frl_id: number) => {
      await office.disp
        .post(`/api/projects/${prj_id}/freelancers`)
        .send({ frl_id, date_to: '31.12.2026' })
        .expect(200);
      for (let n = 0; n === 0 || (!over && n < 500); n++) {
        const { tsh_id } = (
          await office.disp
            .post('/api/timesheets')
            .send({ frl_id, prj_id, tsh_day: `${10 + (n % 20)}.06.2026`, tsh_hours: '0,25' })
            .expect(200)
        ).body;
        await office.disp.post(`/api/timesheets/${tsh_id}/submit`).expect(200);
        await office.disp.post(`/api/timesheets/${tsh_id}/approve`).expect(200);
        await office.disp
          .put(`/api/freelancers/${frl_id}`)
          .send({ notes: `Nacht ${n}` })
          .expect(200);
        await office.guest.get('/api/reports/monthly?month=2026-06').expect(200);
      }
    };
    const free = await office.rows<{ frl_id: number }>(
      "SELECT frl_id FROM freelancers WHERE frl_stat = 'A' AND del_flag = 'N' ORDER BY frl_id DESC LIMIT 3",
    );
    const working = Promise.allSettled(free.map(({ frl_id }) => work(frl_id)));
    const pools = [office.database.open(), office.database.open(), office.database.open()];
    const twice =
      'SELECT sta_month, cus_name FROM stat_month GROUP BY sta_month, cus_name HAVING COUNT(*) > 1';
    try {
      const commands = Promise.all(
        pools.map(() => command(['--database', office.database.url, '--date', TODAY])),
      );
      for (let round = 0; round < 4; round++) {
        await Promise.all(pools.map((db) => nightly(db, TODAY, NOW)));
        expect(await office.rows(twice)).toEqual([]);
      }
      for (const res of await commands) expect(res).toMatchObject({ code: 0, stderr: '' });
      expect(await office.rows(twice)).toEqual([]);
    } finally {
      over = true;
    }
    expect((await working).filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(office.server.errors).toEqual([]);

    // and what was approved behind the last one is in with the next
    expect((await job()).get('projects over')).toBe(0);
    const [sums] = await office.rows(
      "SELECT SUM(tsh_cnt) AS cnt FROM stat_month WHERE sta_month = '2026-06'",
    );
    expect(Number(sums!.cnt)).toBe(
      await office.count("timesheets WHERE tsh_day LIKE '2026-06%' AND tsh_stat IN ('appr', 'paid')"),
    );
    for (const { frl_id } of free)
      expect((await office.guest.get(`/api/freelancers/${frl_id}`)).body.avail_from).toBe('01.01.2027');
  });

  test('is a command that says what each step did', async () => {
    const res = await command(['--date', '2026-07-11'], { DATABASE_URL: office.database.url });
    expect(res).toMatchObject({ code: 0, stderr: '' });
    const lines = res.stdout.trim().split('\n');
    expect(lines).toHaveLength(8);
    for (const line of lines) expect(line).toMatch(/^nightly 2026-07-11: [a-z0-9 -]+: \d+$/);
  });

  test.each(['2028-02-29', '9999-12-31'])('runs on %s', async (day) => {
    const res = await command(['--date', day], { DATABASE_URL: office.database.url });
    expect(res).toMatchObject({ code: 0, stderr: '' });
  });
});

describeOnEveryDatabase('the nightly job over an empty database', (kind) => {
  test('makes the schema and finds nothing to do', async () => {
    const database = await kind.create();
    const res = await command(['--database', database.url, '--date', TODAY]);
    await database.drop();
    expect(res.code).toBe(0);
    expect(res.stdout.match(/: 0$/gm)).toHaveLength(8);
  });
});

test.each([
  [[], /^DATABASE_URL: expected .* got nothing/],
  [
    ['--date', '2026-02-30', '--database', 'sqlite:x'],
    /^--date: expected a day as YYYY-MM-DD, got 2026-02-30/,
  ],
  [['--date', 'yesterday'], /^--date: expected a day/],
  [['--nonsense'], /^Unknown option '--nonsense'/],
])('the command rejects %j in one line', async (args, line) => {
  const res = await command(args);
  expect(res.code).toBe(1);
  expect(res.stderr).toMatch(line);
  expect(res.stderr.trim().split('\n')).toHaveLength(1);
});
