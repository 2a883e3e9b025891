import { QueryTypes, type Sequelize, type Transaction } from 'sequelize';

/** Runs an UPDATE or DELETE and gives how many rows it met, the same on both databases. */
export async function changeRows(
  db: Sequelize,
  sql: string,
  replacements: Record<string, unknown>,
  transaction?: Transaction,
): Promise<number> {
  // BULKUPDATE is the one type for which both dialects give a plain number
  const rows = await db.query(sql, {
    replacements,
    type: QueryTypes.BULKUPDATE,
    ...(transaction && { transaction }),
  });
  return rows as unknown as number;
}
