import { ConfigError } from '../config.ts';
import { isoDay, LAST_DAY, officeTime } from './calendar.ts';
import { customer } from './customer.ts';
import type { Damage } from './damage.ts';
import { type Engagements, planEngagements } from './engagements.ts';
import { changed } from './files.ts';
import { freelancer } from './freelancer.ts';
import { type Book, history, runPaymentsAtMost } from './history.ts';
import { prng } from './prng.ts';
import { project, projectCore } from './project.ts';
import type { Row, Sizes, TableRow } from './row.ts';
import { rateOf } from './sheets.ts';
import { DISPATCHERS, users } from './users.ts';
import { NOTE_TEXTS, ROLES } from './words.ts';

const AUDIT_DAY = '2019-03-18';

/** Every row of the database, one at a time, the same for the same seed and sizes. Throws ConfigError for sizes that cannot be. */
export function* allRows(seed: number, sizes: Sizes, damage: Damage): Generator<TableRow> {
  const plan = planEngagements(seed, sizes, damage);
  const least = sizes.payments === undefined ? 0 : runPaymentsAtMost(seed, plan);
  if (sizes.payments !== undefined && sizes.payments < least) {
    throw new ConfigError(
      `--payments: expected at least ${least}, since ${sizes.timesheets} timesheets are paid in as many monthly runs, got ${sizes.payments}. Do write --payments ${least} or leave it out`,
    );
  }
  yield* users(seed);
  const fibuNames: string[] = [];
  const payDays: number[] = [];
  const homes: boolean[] = [];
  for (let id = 1; id <= sizes.customers; id++) {
    const row = customer(seed, id, sizes.customers, damage);
    fibuNames[id] = String(row.fibu_name ?? '?');
    payDays[id] = Number(row.pay_days);
    homes[id] = row.country === 'DE';
    yield { table: 'customers', row };
    if (row.cus_stat === 'I' && String(row.changed) >= AUDIT_DAY)
      yield changed('customers', id, String(row.changed), 2, 'stat I: zahlt nicht');
  }
  for (let id = 1; id <= sizes.freelancers; id++) {
    yield { table: 'freelancers', row: freelancer(seed, id, sizes.freelancers, damage) };
    yield* notesOn(seed, 'frl', id, damage);
  }
  for (let id = 1; id <= sizes.customers; id++) yield* notesOn(seed, 'cus', id, damage);
  const customers = new Int32Array(sizes.projects + 1);
  for (let id = 1; id <= sizes.projects; id++) {
    const row = project(seed, id, sizes, damage);
    customers[id] = Number(row.cus_id);
    yield { table: 'projects', row };
    if (row.prj_stat === 'done' && String(row.changed) >= AUDIT_DAY)
      yield changed('projects', id, String(row.changed), 2, 'state run -> done');
  }
  yield* assignments(seed, sizes, plan, damage);
  const book: Book = {
    fibuName: (id) => fibuNames[id]!,
    payDays: (id) => payDays[id]!,
    isHome: (id) => homes[id]!,
    customerOf: (projectId) => customers[projectId]!,
  };
  if (sizes.projects > 0 || (sizes.payments ?? 0) > 0) yield* history({ seed, sizes, plan, book, damage });
}

/** The join table: everybody who worked on a project, and a few who were to. */
function* assignments(seed: number, sizes: Sizes, plan: Engagements, damage: Damage): Generator<TableRow> {
  const order = plan.orderedBy('projectId', 'freelancerId');
  const busy = new Uint8Array(sizes.freelancers + 1);
  for (let at = 0; at < order.length; at++) {
    const one = plan.at(order[at]!);
    busy[one.freelancerId] = 1;
    const [from, firstAt] = [one.from, at];
    let { to, open } = one;
    // once for each pair, however often somebody came back
    for (; at + 1 < order.length; at++) {
      const next = plan.at(order[at + 1]!);
      if (next.projectId !== one.projectId || next.freelancerId !== one.freelancerId) break;
      to = Math.max(to, next.to);
      open ||= next.open;
    }
    const pair = `${one.projectId}/${one.freelancerId}`;
    if (damage.hits('unassigned-hours', pair, 0.004)) continue;
    const r = prng(`${seed}/assignment/${pair}`);
    const start = Math.min(from, plan.at(order[firstAt]!).from);
    yield assigned(one.projectId, one.freelancerId, rateOf(seed, one), r, {
      date_from: isoDay(start),
      date_to: open ? null : isoDay(to),
      created: officeTime(start - r.int(1, 20), r.next()),
    });
  }
  // asked, agreed, never came
  for (let id = 1; id <= sizes.projects; id++) {
    const r = prng(`${seed}/asked/${id}`);
    if (sizes.freelancers === 0 || !r.chance(0.3)) continue;
    const freelancerId = r.int(1, sizes.freelancers);
    if (busy[freelancerId] === 1) continue;
    busy[freelancerId] = 1;
    const { from } = projectCore(seed, id, sizes);
    yield assigned(id, freelancerId, r.int(10, 28) * 500, r, {
      date_from: isoDay(Math.min(LAST_DAY, from + 7)),
      date_to: isoDay(from + 7 + r.int(20, 200)),
      created: officeTime(from, r.next()),
    });
  }
}

function assigned(
  projectId: number,
  freelancerId: number,
  rateCt: number,
  r: ReturnType<typeof prng>,
  dates: { date_from: string; date_to: string | null; created: string },
): TableRow {
  const role = r.chance(0.15) ? null : r.pickEarly(ROLES);
  const row: Row = { prj_id: projectId, frl_id: freelancerId, role_txt: role, rate_ct: rateCt, ...dates };
  return { table: 'project_freelancers', row };
}

function* notesOn(seed: number, kind: 'frl' | 'cus', id: number, damage: Damage): Generator<TableRow> {
  const r = prng(`${seed}/note/${kind}/${id}`);
  if (!r.chance(0.05)) return;
  const lost = damage.hits('note-on-nothing', `${kind}/${id}`, 0.04);
  const first = isoDayOf(r);
  yield {
    table: 'notes',
    row: {
      not_kind: kind,
      frl_id: kind === 'frl' && !lost ? id : null,
      cus_id: kind === 'cus' && !lost ? id : null,
      inv_id: null,
      not_text: r.pick(NOTE_TEXTS),
      ext_no: null,
      usr_id: r.chance(0.9) ? r.pick(DISPATCHERS) : null,
      imp_id: null,
      created: first,
    },
  };
}

function isoDayOf(r: ReturnType<typeof prng>): string {
  return officeTime(r.int(LAST_DAY - 3000, LAST_DAY), r.next());
}
