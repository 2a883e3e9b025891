import { DataTypes, type Model, type ModelAttributes, type ModelStatic, type Sequelize } from 'sequelize';
import { nowDb } from '../lib/dates.ts';

const { INTEGER, STRING, TEXT, DECIMAL, TINYINT } = DataTypes;
// Datetimes are strings on purpose: `YYYY-MM-DD HH:mm:ss`, UTC, the same on both databases. Use nowDb().
const DATETIME = STRING(19);
const DATE = STRING(10);

export type Models = ReturnType<typeof defineModels>;

/** Every table; what the features join on. Columns and defaults are the migrations', not these. */
export function defineModels(db: Sequelize) {
  const table = (name: string, tableName: string, columns: ModelAttributes): ModelStatic<Model> =>
    db.define(name, columns, { tableName, timestamps: false });
  // One object for each model: Sequelize writes the column's name into the one it is given.
  const id = () => ({ type: INTEGER, primaryKey: true, autoIncrement: true });

  const User = table('User', 'users', {
    usr_id: id(),
    usr_login: STRING(40),
    usr_name: STRING(120),
    usr_pass: STRING(120),
    usr_role: STRING(10),
    usr_active: TINYINT,
    last_login: DATETIME,
    created: DATETIME,
  });
  const Session = table('Session', 'sessions', {
    sid: { type: STRING(64), primaryKey: true },
    usr_id: INTEGER,
    expires: {
      type: DATETIME,
      // the session store hands in Dates
      set(this: Model, v: unknown) {
        this.setDataValue('expires', v instanceof Date ? nowDb(v) : v);
      },
    },
    data: TEXT,
  });
  const Customer = table('Customer', 'customers', {
    cus_id: id(),
    cus_no: STRING(12),
    cus_name: STRING(160),
    cus_match: STRING(160),
    cus_short: STRING(20),
    fibu_name: STRING(40),
    cus_parent_id: INTEGER,
    cus_stat: STRING(1),
    cus_email: STRING(160),
    cus_phone: STRING(40),
    vat_id: STRING(20),
    street: STRING(120),
    zip: STRING(12),
    city: STRING(80),
    country: STRING(2),
    pay_days: INTEGER,
    disc_pct: DECIMAL(5, 2),
    is_vip: TINYINT,
    del_flag: STRING(1),
    created: DATETIME,
    changed: DATETIME,
  });
  const Freelancer = table('Freelancer', 'freelancers', {
    frl_id: id(),
    frl_name: STRING(120),
    frl_match: STRING(120),
    frl_email: STRING(160),
    frl_phone: STRING(40),
    frl_stat: STRING(1),
    blk_reason: STRING(255),
    rate_ct: INTEGER,
    cur: STRING(3),
    skills_csv: STRING(500),
    city: STRING(80),
    country: STRING(2),
    avail_from: DATE,
    notes: TEXT,
    del_flag: STRING(1),
    created: DATETIME,
    changed: DATETIME,
  });
  const Project = table('Project', 'projects', {
    prj_id: id(),
    prj_no: STRING(12),
    prj_title: STRING(200),
    cus_id: INTEGER,
    cus_end_id: INTEGER,
    prj_stat: STRING(10),
    date_from: DATE,
    date_to: DATE,
    budget_ct: INTEGER,
    is_remote: TINYINT,
    city: STRING(80),
    descr: TEXT,
    del_flag: STRING(1),
    created: DATETIME,
    changed: DATETIME,
  });
  const ProjectFreelancer = table('ProjectFreelancer', 'project_freelancers', {
    prj_id: { type: INTEGER, primaryKey: true },
    frl_id: { type: INTEGER, primaryKey: true },
    role_txt: STRING(80),
    rate_ct: INTEGER,
    date_from: DATE,
    date_to: DATE,
    created: DATETIME,
  });
  const ImportLog = table('ImportLog', 'import_log', {
    imp_id: id(),
    imp_file: STRING(255),
    imp_hash: STRING(64),
    imp_stat: STRING(10),
    rec_total: INTEGER,
    rec_ok: INTEGER,
    rec_bad: INTEGER,
    rec_dup: INTEGER,
    imp_line: INTEGER,
    usr_id: INTEGER,
    started: DATETIME,
    finished: DATETIME,
  });
  const Payment = table('Payment', 'payments', {
    pay_id: id(),
    frl_id: INTEGER,
    pay_run: STRING(7),
    amount: DECIMAL(10, 2),
    cur: STRING(3),
    pay_stat: STRING(10),
    paid_at: DATETIME,
    ref_txt: STRING(140),
    ext_no: STRING(20),
    imp_id: INTEGER,
    created: DATETIME,
    changed: DATETIME,
  });
  const Timesheet = table('Timesheet', 'timesheets', {
    tsh_id: id(),
    frl_id: INTEGER,
    prj_id: INTEGER,
    tsh_day: DATE,
    tsh_hours: DECIMAL(6, 2),
    tsh_stat: STRING(10),
    rate_ct: INTEGER,
    is_billable: TINYINT,
    tsh_text: STRING(255),
    appr_usr_id: INTEGER,
    appr_at: DATETIME,
    pay_id: INTEGER,
    created: DATETIME,
    changed: DATETIME,
  });
  const Invoice = table('Invoice', 'invoices', {
    inv_id: id(),
    inv_no: STRING(20),
    cus_id: INTEGER,
    prj_id: INTEGER,
    inv_date: DATE,
    due_date: DATE,
    net: DECIMAL(12, 2),
    vat: DECIMAL(12, 2),
    gross: DECIMAL(12, 2),
    inv_stat: STRING(10),
    imp_id: INTEGER,
    created: DATETIME,
    changed: DATETIME,
  });
  const CreditNote = table('CreditNote', 'credit_notes', {
    crn_id: id(),
    crn_no: STRING(20),
    inv_id: INTEGER,
    crn_date: DATE,
    amount: DECIMAL(12, 2),
    reason: STRING(255),
    imp_id: INTEGER,
    created: DATETIME,
  });
  const Note = table('Note', 'notes', {
    not_id: id(),
    not_kind: STRING(10),
    frl_id: INTEGER,
    cus_id: INTEGER,
    inv_id: INTEGER,
    not_text: TEXT,
    ext_no: STRING(20),
    usr_id: INTEGER,
    imp_id: INTEGER,
    created: DATETIME,
  });
  // These three have no key of their own. Sequelize wants one, or it invents a column `id`.
  const ImportReject = table('ImportReject', 'import_rejects', {
    imp_id: { type: INTEGER, primaryKey: true },
    line_no: { type: INTEGER, primaryKey: true },
    reason: STRING(120),
    rec_text: STRING(500),
  });
  const StatMonth = table('StatMonth', 'stat_month', {
    sta_month: { type: STRING(7), primaryKey: true },
    cus_name: STRING(40),
    tsh_cnt: INTEGER,
    hours: DECIMAL(10, 2),
    cost: DECIMAL(12, 2),
    net: DECIMAL(12, 2),
    created: DATETIME,
  });
  const ChangeLog = table('ChangeLog', 'chg_log', {
    chg_tab: { type: STRING(30), primaryKey: true },
    chg_id: INTEGER,
    chg_at: DATETIME,
    chg_usr: STRING(40),
    chg_txt: STRING(255),
  });

  Session.belongsTo(User, { foreignKey: 'usr_id' });
  Customer.belongsTo(Customer, { as: 'parent', foreignKey: 'cus_parent_id' });
  Customer.hasMany(Project, { foreignKey: 'cus_id' });
  Project.belongsTo(Customer, { foreignKey: 'cus_id' });
  Project.belongsTo(Customer, { as: 'endCustomer', foreignKey: 'cus_end_id' });
  Project.belongsToMany(Freelancer, { through: ProjectFreelancer, foreignKey: 'prj_id', otherKey: 'frl_id' });
  Freelancer.belongsToMany(Project, { through: ProjectFreelancer, foreignKey: 'frl_id', otherKey: 'prj_id' });
  Timesheet.belongsTo(Freelancer, { foreignKey: 'frl_id' });
  Timesheet.belongsTo(Project, { foreignKey: 'prj_id' });
  Timesheet.belongsTo(Payment, { foreignKey: 'pay_id' });
  Timesheet.belongsTo(User, { as: 'approver', foreignKey: 'appr_usr_id' });
  Freelancer.hasMany(Timesheet, { foreignKey: 'frl_id' });
  Project.hasMany(Timesheet, { foreignKey: 'prj_id' });
  Payment.belongsTo(Freelancer, { foreignKey: 'frl_id' });
  Payment.hasMany(Timesheet, { foreignKey: 'pay_id' });
  Invoice.belongsTo(Customer, { foreignKey: 'cus_id' });
  Invoice.belongsTo(Project, { foreignKey: 'prj_id' });
  Invoice.hasMany(CreditNote, { foreignKey: 'inv_id' });
  CreditNote.belongsTo(Invoice, { foreignKey: 'inv_id' });
  Note.belongsTo(Freelancer, { foreignKey: 'frl_id' });
  Note.belongsTo(Customer, { foreignKey: 'cus_id' });
  Note.belongsTo(Invoice, { foreignKey: 'inv_id' });
  for (const imported of [Payment, Invoice, CreditNote, Note]) {
    imported.belongsTo(ImportLog, { foreignKey: 'imp_id' });
  }

  return {
    User,
    Session,
    Customer,
    Freelancer,
    Project,
    ProjectFreelancer,
    ImportLog,
    Payment,
    Timesheet,
    Invoice,
    CreditNote,
    Note,
    ImportReject,
    StatMonth,
    ChangeLog,
  };
}
