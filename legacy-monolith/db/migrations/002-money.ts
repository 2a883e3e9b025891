import type { MigrationContext } from './context.ts';

/** 2017: hours and money came over from the Access file. */
export async function up({ context }: { context: MigrationContext }): Promise<void> {
  const { columns: c, createTable, addIndex } = context;

  await createTable('import_log', {
    imp_id: c.id(),
    imp_file: c.str('imp_file', 255),
    imp_hash: c.code('imp_hash', 64),
    imp_stat: c.enum('imp_stat', ['run', 'ok', 'part', 'fail'], { defaultValue: 'run' }),
    rec_total: c.int('rec_total', { defaultValue: 0 }),
    rec_ok: c.int('rec_ok', { defaultValue: 0 }),
    rec_bad: c.int('rec_bad', { defaultValue: 0 }),
    usr_id: c.fk('users', 'usr_id', 'SET NULL', { null: true }),
    started: c.datetime('started'),
    finished: c.datetime('finished', { null: true }),
  });

  await createTable('payments', {
    pay_id: c.id(),
    // no cascade: what was paid stays on the books
    frl_id: c.fk('freelancers', 'frl_id', 'SET NULL', { null: true }),
    pay_run: c.chr('pay_run', 7),
    amount: c.dec('amount', 10),
    cur: c.chr('cur', 3, { defaultValue: 'EUR' }),
    pay_stat: c.enum('pay_stat', ['open', 'paid', 'fail'], { defaultValue: 'open' }),
    paid_at: c.datetime('paid_at', { null: true }),
    ref_txt: c.str('ref_txt', 140, { null: true }),
    imp_id: c.fk('import_log', 'imp_id', 'SET NULL', { null: true }),
    created: c.datetime('created'),
    changed: c.datetime('changed'),
  });
  await addIndex('payments', ['pay_run']);

  await createTable('timesheets', {
    tsh_id: c.id(),
    frl_id: c.fk('freelancers', 'frl_id', 'CASCADE'),
    prj_id: c.fk('projects', 'prj_id', 'CASCADE'),
    tsh_day: c.date('tsh_day'),
    tsh_hours: c.dec('tsh_hours', 6),
    tsh_stat: c.enum('tsh_stat', ['draft', 'subm', 'appr', 'rej', 'paid'], { defaultValue: 'draft' }),
    rate_ct: c.int('rate_ct', { defaultValue: 0 }),
    is_billable: c.bool('is_billable', { defaultValue: 1 }),
    tsh_text: c.str('tsh_text', 255, { null: true }),
    appr_usr_id: c.fk('users', 'usr_id', 'SET NULL', { null: true }),
    appr_at: c.datetime('appr_at', { null: true }),
    pay_id: c.fk('payments', 'pay_id', 'SET NULL', { null: true }),
    created: c.datetime('created'),
    changed: c.datetime('changed'),
  });
  await addIndex('timesheets', ['tsh_day']);
  await addIndex('timesheets', ['frl_id', 'tsh_day']);

  await createTable('invoices', {
    inv_id: c.id(),
    inv_no: c.code('inv_no', 20, { unique: true }),
    cus_id: c.fk('customers', 'cus_id', 'SET NULL', { null: true }),
    prj_id: c.fk('projects', 'prj_id', 'SET NULL', { null: true }),
    inv_date: c.date('inv_date'),
    due_date: c.date('due_date'),
    net: c.dec('net', 12),
    vat: c.dec('vat', 12),
    gross: c.dec('gross', 12),
    inv_stat: c.enum('inv_stat', ['open', 'part', 'paid', 'canc'], { defaultValue: 'open' }),
    imp_id: c.fk('import_log', 'imp_id', 'SET NULL', { null: true }),
    created: c.datetime('created'),
    changed: c.datetime('changed'),
  });
  await addIndex('invoices', ['inv_date']);

  await createTable('credit_notes', {
    crn_id: c.id(),
    crn_no: c.code('crn_no', 20, { unique: true }),
    inv_id: c.fk('invoices', 'inv_id', 'CASCADE'),
    crn_date: c.date('crn_date'),
    amount: c.dec('amount', 12),
    reason: c.str('reason', 255, { null: true }),
    imp_id: c.fk('import_log', 'imp_id', 'SET NULL', { null: true }),
    created: c.datetime('created'),
  });

  await createTable('notes', {
    not_id: c.id(),
    not_kind: c.enum('not_kind', ['frl', 'cus', 'inv']),
    frl_id: c.fk('freelancers', 'frl_id', 'CASCADE', { null: true }),
    cus_id: c.fk('customers', 'cus_id', 'CASCADE', { null: true }),
    inv_id: c.fk('invoices', 'inv_id', 'CASCADE', { null: true }),
    not_text: c.text('not_text'),
    usr_id: c.fk('users', 'usr_id', 'SET NULL', { null: true }),
    imp_id: c.fk('import_log', 'imp_id', 'SET NULL', { null: true }),
    created: c.datetime('created'),
  });
}
