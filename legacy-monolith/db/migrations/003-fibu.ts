import type { MigrationContext } from './context.ts';

/** 2019: the accounting office (FiBu) sends files, and the boss wants figures every morning. */
export async function up({ context }: { context: MigrationContext }): Promise<void> {
  const { columns: c, createTable, addColumn, addIndex } = context;

  // the short name that everybody says on the phone. SIEMENS and Siemens are one
  await addColumn('customers', 'cus_short', c.ci('cus_short', 20, { null: true }));
  await addIndex('customers', ['cus_short'], { unique: true });
  // the accounting program knows only its own letters
  await addColumn('customers', 'fibu_name', c.latin1('fibu_name', 40, { null: true }));

  await addColumn('import_log', 'rec_dup', c.int('rec_dup', { defaultValue: 0 }));
  // the last line of the file that is in
  await addColumn('import_log', 'imp_line', c.int('imp_line', { defaultValue: 0 }));
  await addIndex('import_log', ['imp_hash']);
  // the number that a record has in the file
  await addColumn('payments', 'ext_no', c.code('ext_no', 20, { null: true }));
  await addIndex('payments', ['ext_no'], { unique: true });
  await addColumn('notes', 'ext_no', c.code('ext_no', 20, { null: true }));
  await addIndex('notes', ['ext_no'], { unique: true });
  await createTable('import_rejects', {
    imp_id: c.fk('import_log', 'imp_id', 'CASCADE'),
    line_no: c.int('line_no'),
    reason: c.str('reason', 120),
    rec_text: c.str('rec_text', 500),
  });
  await addIndex('import_rejects', ['imp_id', 'line_no']);

  // written by the nightly job alone: thrown away and filled again, month by month. it has no key
  await createTable('stat_month', {
    sta_month: c.chr('sta_month', 7),
    // the name, not the number: "so that the old figures stay when a customer goes"
    cus_name: c.latin1('cus_name', 40),
    tsh_cnt: c.int('tsh_cnt', { defaultValue: 0 }),
    hours: c.dec('hours', 10, { defaultValue: 0 }),
    cost: c.dec('cost', 12, { defaultValue: 0 }),
    net: c.dec('net', 12, { defaultValue: 0 }),
    created: c.datetime('created'),
  });
  await addIndex('stat_month', ['sta_month']);

  // who changed a state, since the audit. no key here either, two lines can be the same
  await createTable('chg_log', {
    chg_tab: c.str('chg_tab', 30),
    chg_id: c.int('chg_id'),
    chg_at: c.datetime('chg_at'),
    chg_usr: c.str('chg_usr', 40, { null: true }),
    chg_txt: c.str('chg_txt', 255),
  });
  await addIndex('chg_log', ['chg_tab', 'chg_id']);
}
