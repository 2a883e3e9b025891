import type { MigrationContext } from './context.ts';

/** People, customers, projects and the hours worked on them. */
export async function up({ context }: { context: MigrationContext }): Promise<void> {
  const { columns: c, createTable, addIndex } = context;

  await createTable('users', {
    usr_id: c.id(),
    usr_login: c.code('usr_login', 40, { unique: true }),
    usr_name: c.str('usr_name', 120),
    usr_pass: c.code('usr_pass', 120),
    usr_role: c.enum('usr_role', ['adm', 'dis', 'ro'], { defaultValue: 'ro' }),
    usr_active: c.bool('usr_active', { defaultValue: 1 }),
    last_login: c.datetime('last_login', { null: true }),
    created: c.datetime('created'),
  });

  await createTable('sessions', {
    sid: { ...c.code('sid', 64), primaryKey: true },
    usr_id: c.fk('users', 'usr_id', 'CASCADE', { null: true }),
    expires: c.datetime('expires'),
    data: c.text('data'),
  });
  await addIndex('sessions', ['expires']);

  await createTable('customers', {
    cus_id: c.id(),
    cus_no: c.code('cus_no', 12, { unique: true }),
    cus_name: c.str('cus_name', 160),
    cus_match: c.code('cus_match', 160, { defaultValue: '' }),
    cus_parent_id: c.fk('customers', 'cus_id', 'SET NULL', { null: true }),
    cus_stat: c.chr('cus_stat', 1, { defaultValue: 'A' }),
    cus_email: c.email('cus_email', { null: true }),
    cus_phone: c.str('cus_phone', 40, { null: true }),
    vat_id: c.str('vat_id', 20, { null: true }),
    street: c.str('street', 120, { null: true }),
    zip: c.str('zip', 12, { null: true }),
    city: c.str('city', 80, { null: true }),
    country: c.chr('country', 2, { null: true }),
    pay_days: c.int('pay_days', { defaultValue: 30 }),
    disc_pct: c.dec('disc_pct', 5, { defaultValue: 0 }),
    is_vip: c.bool('is_vip', { defaultValue: 0 }),
    del_flag: c.chr('del_flag', 1, { defaultValue: 'N' }),
    created: c.datetime('created'),
    changed: c.datetime('changed'),
  });
  await addIndex('customers', ['cus_match']);

  await createTable('freelancers', {
    frl_id: c.id(),
    frl_name: c.str('frl_name', 120),
    frl_match: c.code('frl_match', 120, { defaultValue: '' }),
    frl_email: c.email('frl_email', { null: true, unique: true }),
    frl_phone: c.str('frl_phone', 40, { null: true }),
    frl_stat: c.chr('frl_stat', 1, { defaultValue: 'A' }),
    blk_reason: c.str('blk_reason', 255, { null: true }),
    rate_ct: c.int('rate_ct', { defaultValue: 0 }),
    cur: c.chr('cur', 3, { defaultValue: 'EUR' }),
    skills_csv: c.str('skills_csv', 500, { null: true, defaultValue: '' }),
    city: c.str('city', 80, { null: true }),
    country: c.chr('country', 2, { null: true }),
    avail_from: c.date('avail_from', { null: true }),
    notes: c.text('notes', { null: true }),
    del_flag: c.chr('del_flag', 1, { defaultValue: 'N' }),
    created: c.datetime('created'),
    changed: c.datetime('changed'),
  });
  await addIndex('freelancers', ['frl_match']);
  await addIndex('freelancers', ['rate_ct']);

  await createTable('projects', {
    prj_id: c.id(),
    prj_no: c.code('prj_no', 12, { unique: true }),
    prj_title: c.str('prj_title', 200),
    cus_id: c.fk('customers', 'cus_id', 'CASCADE'),
    cus_end_id: c.fk('customers', 'cus_id', 'SET NULL', { null: true }),
    prj_stat: c.enum('prj_stat', ['plan', 'open', 'run', 'hold', 'done', 'canc'], { defaultValue: 'plan' }),
    date_from: c.date('date_from'),
    date_to: c.date('date_to', { null: true }),
    budget_ct: c.int('budget_ct', { defaultValue: 0 }),
    is_remote: c.bool('is_remote', { defaultValue: 0 }),
    city: c.str('city', 80, { null: true }),
    descr: c.text('descr', { null: true }),
    del_flag: c.chr('del_flag', 1, { defaultValue: 'N' }),
    created: c.datetime('created'),
    changed: c.datetime('changed'),
  });

  await createTable('project_freelancers', {
    prj_id: { ...c.fk('projects', 'prj_id', 'CASCADE'), primaryKey: true },
    frl_id: { ...c.fk('freelancers', 'frl_id', 'CASCADE'), primaryKey: true },
    role_txt: c.str('role_txt', 80, { null: true }),
    rate_ct: c.int('rate_ct', { defaultValue: 0 }),
    date_from: c.date('date_from', { null: true }),
    date_to: c.date('date_to', { null: true }),
    created: c.datetime('created'),
  });
  await addIndex('project_freelancers', ['frl_id']);
}
