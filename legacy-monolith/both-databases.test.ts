import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MYSQL, SQLITE_KIND, seedSmall, skipped, type TestDatabase } from './testing/databases.ts';
import { type Agent, startServer, type TestServer } from './testing/server.ts';

const one = <T>(...values: T[]) => fc.constantFrom(...values);
const maybe = (arbitrary: fc.Arbitrary<string>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const anyText = fc.string({ maxLength: 3, unit: 'binary' }).filter((s) => s.isWellFormed());
const paging = {
  page: maybe(one('1', '2', '3', '9999', 'x', '-1')),
  size: maybe(one('1', '7', '100', '101', '0')),
};
const del = maybe(one('Y', 'all', 'N'));
const day = maybe(one('01.01.2018', '30.06.2024', '31.12.9999', '31.02.2020', 'x'));
const month = maybe(one('2024-03', '06.2026', '2026-13', '9999-12', 'x'));
const id = maybe(one('1', '3x', '17', '-1', '99999999999', 'x'));

/** What each list takes, odd values among the plain ones. */
const LISTS: Readonly<Record<string, Readonly<Record<string, fc.Arbitrary<string | undefined>>>>> = {
  freelancers: {
    ...paging,
    q: maybe(
      fc.oneof(
        one(
          ...[
            'm',
            'mü',
            'MUELLER',
            ',',
            ', ',
            'java',
            'c++',
            'c#',
            '.n',
            '@gmx',
            '%',
            'i',
            'ı',
            'ł',
            'ß',
            'S',
          ],
          ...['\\', "'", '"', '-', 'Иван', 'aa1', 'is', '% a', 'a _ b'],
        ),
        anyText,
      ),
    ),
    sort: maybe(one('name', '-name', 'rate', '-rate', 'id', '-id', 'x')),
    stat: maybe(one('A', 'I', 'B', 'a')),
    skill: maybe(
      one('java', 'C++', 'c#', '.NET', 'ı', 'sql', 'straße', 'STRASSE', 'ſql', 'ca', 'strase', 'strasé'),
    ),
    rate_min: maybe(one('0', '5000', '7500', '-1', '1e9', 'x')),
    rate_max: maybe(one('8000', '12000', '99999999999999999999', 'x')),
    avail_by: day,
    del,
  },
  customers: {
    ...paging,
    q: maybe(
      fc.oneof(one('g', '% g', 'gmbh', 'ü', 'köln', 'C000', 'ß', 'ı', '&', '%', '_', 'Иван'), anyText),
    ),
    sort: maybe(one('name', '-name', 'no', '-no', 'city', '-city', 'id', '-id', 'x')),
    stat: maybe(one('A', 'I', 'B')),
    vip: maybe(one('0', '1', '2')),
    del,
  },
  projects: {
    ...paging,
    q: maybe(fc.oneof(one('a', 'ä', 'Ä', 'ß', 'ẞ', 'los 3', '– los', 'p000', 'ı', 'ſ', '%', '% a'), anyText)),
    sort: maybe(one('title', '-title', 'no', '-no', 'from', '-from', 'cus', 'id', '-id', 'x')),
    stat: maybe(one('run', 'run,hold', 'done,x', 'x', 'toString')),
    cus: id,
    from: day,
    to: day,
    remote: maybe(one('true', 'false', '1')),
    del,
  },
  timesheets: {
    ...paging,
    q: maybe(fc.oneof(one('a', 'ü', 'Ü', 'ß', 'meeting', '% a', '_'), anyText)),
    sort: maybe(one('day', '-day', 'hours', '-hours', 'id', '-id', 'x')),
    stat: maybe(one('paid', 'draft,subm', 'appr,x', 'x')),
    frl: id,
    prj: id,
    month,
    from: day,
    to: day,
  },
  payments: {
    ...paging,
    sort: maybe(one('id', '-id', 'amount', '-amount', 'run', '-run', 'x')),
    stat: maybe(one('open', 'paid', 'fail', 'x')),
    frl: id,
    run: month,
  },
  imports: paging,
  'reports/monthly': { month, sort: maybe(one('-cost', '-net', 'x')) },
};

if (MYSQL) {
  const mysql = MYSQL;
  describe('SQLite and MySQL', () => {
    const databases: TestDatabase[] = [];
    const servers: TestServer[] = [];
    const clients: Agent[] = [];
    beforeAll(async () => {
      for (const kind of [SQLITE_KIND, mysql]) {
        const database = await kind.create();
        databases.push(database);
        const db = database.open();
        await seedSmall(db);
        const server = await startServer(db);
        servers.push(server);
        const client = await server.login('admin');
        clients.push(client);
        for (const [i, name] of [
          'ıſ, ß',
          'Straße, Ärger',
          'a_b%c\\d',
          'O’Hara, "Q"',
          'A',
          'A!',
          'A B',
          'A-',
          'Z[',
          'Z~',
          'z^',
        ].entries()) {
          await client
            .post('/api/freelancers')
            .send({
              frl_name: name,
              frl_email: `ıſßäÄ${i}@x.example`,
              skills_csv: 'straße,ıſ,SQL',
              rate_ct: 5000,
            })
            .expect(200);
        }
        // The minute may turn between the two of them, and the day.
        const then = "'2026-07-01 08:30:00'";
        await db.query(`UPDATE users SET last_login = ${then} WHERE usr_login = 'admin'`);
        await db.query(
          `UPDATE freelancers SET changed = ${then}, created = ${then} WHERE frl_email LIKE '%@x.example'`,
        );
      }
    });
    afterAll(async () => {
      for (const server of servers) await server.close();
      for (const database of databases) await database.drop();
    });

    const same = async (path: string) => {
      const [a, b] = await Promise.all(clients.map((client) => client.get(path)));
      expect([path, a!.status, a!.text, a!.headers['x-total-count']]).toEqual([
        path,
        b!.status,
        b!.text,
        b!.headers['x-total-count'],
      ]);
      return a!;
    };

    test.each(Object.keys(LISTS))(
      'answer every search of %s with the same bytes and the same total',
      async (list) => {
        await fc.assert(
          fc.asyncProperty(fc.record(LISTS[list]!), async (search) => {
            const query = Object.entries(search).flatMap(([key, value]) =>
              value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
            );
            const { status } = await same(`/api/${list}?${query.join('&')}`);
            // a report wants a month
            expect(list === 'reports/monthly' ? [200, 400] : [200]).toContain(status);
          }),
          { numRuns: list === 'freelancers' ? 400 : 150, seed: 20_260_701 },
        );
      },
    );

    test('show everything that there is with the same bytes', async () => {
      let seen = 0;
      for (const [what, last] of Object.entries({
        freelancers: 60,
        customers: 31,
        projects: 41,
        timesheets: 60,
        payments: 60,
        imports: 60,
        users: 13,
      })) {
        for (let id = 1; id <= last; id++) if ((await same(`/api/${what}/${id}`)).status === 200) seen += 1;
        if (what === 'imports') for (let id = 1; id <= last; id++) await same(`/api/imports/${id}/rejects`);
      }
      expect(seen).toBeGreaterThan(250);
      for (const path of [
        '/api/freelancers?q=aa1',
        '/api/freelancers?skill=stras%C3%A9',
        '/api/users',
        '/freelancers.csv',
        '/timesheets.csv?month=2026-05',
      ])
        await same(path);
    });
  });
} else {
  describe('SQLite and MySQL answer everything with the same bytes', skipped);
}
