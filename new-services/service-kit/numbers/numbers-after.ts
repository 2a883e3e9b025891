import type { EntityManager } from 'typeorm';

/** Numbers of a table's rows as the keys of a stream, in their order, from the first after `after` (null: from the start). */
export async function numbersAfter(
  manager: EntityManager,
  table: string,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const rows: { key: string }[] = await manager.query(
    `SELECT number::text AS key FROM "${table}" WHERE number > $1 ORDER BY number LIMIT $2`,
    [after ?? '0', limit],
  );
  return rows.map(({ key }) => key);
}
