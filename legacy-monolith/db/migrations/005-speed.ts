import type { MigrationContext } from './context.ts';

/** 2022: the monthly report took longer than the boss waits. */
export async function up({ context: { addIndex } }: { context: MigrationContext }): Promise<void> {
  // the hours of a project in a month, thousands of times for one report (2022-02-07 ts)
  await addIndex('timesheets', ['prj_id', 'tsh_day']);
  // what waits to be approved
  await addIndex('timesheets', ['tsh_stat', 'tsh_day']);
}
