import type { MigrationInterface, QueryRunner } from 'typeorm';
import { emailKey } from '../../../domain/freelancer.ts';
import { upperByLetter } from '../../../domain/letter-case.ts';
import { skillKey } from '../../../domain/search-text.ts';

type Stored = {
  id: string;
  number: string;
  matchcode: string;
  email: string | null;
  skills: string[];
};

const pageRows = 2000;

/** Rewrites what earlier releases derived with JavaScript's upper and lower case, where ß became SS. */
export class RebuildLetterCase1767000000003 implements MigrationInterface {
  readonly name = 'RebuildLetterCase1767000000003';

  async up(runner: QueryRunner): Promise<void> {
    // While keys are rewritten page by page, an old one may equal a new one of another row.
    await runner.query('SET CONSTRAINTS freelancer_email_unique DEFERRED');
    const taken = new Set<string>();
    for (let after = '-1'; ; ) {
      const rows: Stored[] = await runner.query(
        'SELECT id, number, matchcode, email, skills FROM freelancer WHERE number > $1 ORDER BY number LIMIT $2',
        [after, pageRows],
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      await rewrite(runner, rows, taken);
      after = last.number;
    }
  }

  /** What the column held before cannot be told from what it holds; both releases read either. */
  async down(): Promise<void> {}
}

async function rewrite(runner: QueryRunner, rows: readonly Stored[], taken: Set<string>): Promise<void> {
  const derived = rows.map(({ id, matchcode, email, skills }) => ({
    id,
    email_key: email === null ? null : claim(emailKey(email), taken),
    skill_keys: skills.map(skillKey),
    search_text: [matchcode, email ?? '', skills.join(',')].map(upperByLetter).join('\n'),
  }));
  const values = JSON.stringify(derived);
  await runner.query(
    `UPDATE freelancer AS f SET email_key = d.email_key
     FROM json_to_recordset($1) AS d(id uuid, email_key text)
     WHERE f.id = d.id AND f.email_key IS DISTINCT FROM d.email_key COLLATE "C"`,
    [values],
  );
  await runner.query(
    `UPDATE freelancer_search AS s SET skill_keys = d.skill_keys, search_text = d.search_text
     FROM json_to_recordset($1) AS d(id uuid, skill_keys text[], search_text text)
     WHERE s.id = d.id AND (s.skill_keys, s.search_text) IS DISTINCT FROM (d.skill_keys, d.search_text)`,
    [values],
  );
}

/** Two addresses that are the same one only now: the first keeps it, or the service could not start. */
function claim(key: string, taken: Set<string>): string | null {
  if (taken.has(key)) return null;
  taken.add(key);
  return key;
}
