import type { Sequelize, Transaction } from 'sequelize';
import { nowDb } from './dates.ts';

export type ChangeNote = {
  readonly tab: string;
  readonly id: number;
  readonly usr: string | undefined;
  readonly txt: string;
};

/** One line in chg_log, in the transaction of the change. 2019-03-18 mk: the auditors want to see who did it. */
export async function note(
  db: Sequelize,
  { tab, id, usr, txt }: ChangeNote,
  transaction: Transaction,
): Promise<void> {
  await db.query(
    'INSERT INTO chg_log (chg_tab, chg_id, chg_at, chg_usr, chg_txt) VALUES (:tab, :id, :at, :usr, :txt)',
    { replacements: { tab, id, at: nowDb(), usr: usr ?? null, txt: txt.slice(0, 255) }, transaction },
  );
}
