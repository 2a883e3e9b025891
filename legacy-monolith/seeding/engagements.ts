import { dayNumber, FIRST_DAY, isWeekend, LAST_DAY, presence } from './calendar.ts';
import { DAMAGE, type Damage, damageOf } from './damage.ts';
import { freelancer } from './freelancer.ts';
import { type Prng, prng } from './prng.ts';
import { projectCore } from './project.ts';
import type { Sizes } from './row.ts';

/** One freelancer at work on one project, from the day of the first hours to that of the last. */
export type Engagement = {
  readonly freelancerId: number;
  readonly projectId: number;
  readonly from: number;
  readonly to: number;
  /** Sheets on every day at work; on the last day it is `onLastDay`. */
  readonly perDay: number;
  readonly onLastDay: number;
  /** No end is known: it goes on. */
  readonly open: boolean;
};

const COLUMNS = 7;

/** All engagements, as numbers in a row: a few bytes each, since this is what stays in memory. */
export class Engagements {
  #cells = new Int32Array(COLUMNS * 1024);
  length = 0;

  add(e: Engagement): void {
    if ((this.length + 1) * COLUMNS > this.#cells.length) {
      const larger = new Int32Array(this.#cells.length * 2);
      larger.set(this.#cells);
      this.#cells = larger;
    }
    this.#cells.set(
      [e.freelancerId, e.projectId, e.from, e.to, e.perDay, e.onLastDay, e.open ? 1 : 0],
      this.length++ * COLUMNS,
    );
  }

  at(index: number): Engagement {
    const [freelancerId, projectId, from, to, perDay, onLastDay, open] = this.#cells.subarray(
      index * COLUMNS,
      (index + 1) * COLUMNS,
    ) as unknown as [number, number, number, number, number, number, number];
    return { freelancerId, projectId, from, to, perDay, onLastDay, open: open === 1 };
  }

  /** Indices in an order of two columns of an engagement. */
  orderedBy(first: 'from' | 'projectId', second: 'freelancerId'): Int32Array {
    const column = { freelancerId: 0, projectId: 1, from: 2 };
    const [a, b] = [column[first], column[second]];
    const cells = this.#cells;
    return Int32Array.from({ length: this.length }, (_, index) => index).sort(
      (x, y) =>
        cells[x * COLUMNS + a]! - cells[y * COLUMNS + a]! ||
        cells[x * COLUMNS + b]! - cells[y * COLUMNS + b]! ||
        x - y,
    );
  }
}

/** Whether somebody is at work that day, on whatever project. */
export function atWork(seed: number, freelancerId: number, day: number): boolean {
  return mix(seed, freelancerId, day) * 100 < PRESENCE[day - FIRST_DAY]!;
}
const PRESENCE = Float64Array.from({ length: LAST_DAY - FIRST_DAY + 1 }, (_, at) => presence(FIRST_DAY + at));

// A whole generator for each day and head would be most of the seeder's time.
function mix(seed: number, a: number, b: number): number {
  let h = Math.imul(seed + 0x9e3779b9, 0x85ebca6b) ^ Math.imul(a + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15) ^ Math.imul(b, 0x27d4eb2f), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 13), 0x297a2d39);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

/** Of the days from Monday to Friday; the rest are holidays, gaps and days off. */
const FILLED = 0.8;
/** Sheets on one day of one engagement, at most. */
const PER_DAY_AT_MOST = 24;
/** What is left in the end is spread over many. */
const MORE_AT_ONCE = 15;

/** Everybody's engagements, with `sizes.timesheets` sheets in all. A few people have most of them. */
export function planEngagements(seed: number, sizes: Sizes, damage: Damage): Engagements {
  const plan = new Engagements();
  if (sizes.timesheets === 0) return plan;
  const projects = new Calendar(seed, sizes);
  const weights = new Float64Array(sizes.freelancers + 1);
  /** The first day on which somebody is free. */
  const free = new Int32Array(sizes.freelancers + 1);
  let total = 0;
  for (let id = 1; id <= sizes.freelancers; id++) {
    const created = freelancer(seed, id, sizes.freelancers, UNBROKEN).created;
    free[id] = Math.min(LAST_DAY - 60, dayNumber(String(created).slice(0, 10)) + 3);
    const r = prng(`${seed}/career-weight/${id}`);
    // most of the catalogue never worked for us
    const worked = id === 1 || (r.chance(0.55) && free[id]! < LAST_DAY - 60);
    weights[id] = worked ? (LAST_DAY - free[id]!) * (r.next() + 0.004) ** -0.8 : 0;
    total += weights[id]!;
  }
  let weight = 0;
  let shared = 0;
  let left = 0;
  for (let id = 1; id <= sizes.freelancers; id++) {
    weight += weights[id]!;
    const target = Math.round((weight / total) * sizes.timesheets);
    left += target - shared;
    shared = target;
    // with what did not fit the one before
    if (left > 0 && weights[id]! > 0) left = career(id, left);
  }
  for (let id = 1; left > 0 && id <= sizes.freelancers; id++) {
    const more = Math.min(left, MORE_AT_ONCE);
    if (weights[id]! > 0 && free[id]! < LAST_DAY - 90) left -= more - career(id, more);
  }
  for (let id = 1; left > 0; id = (id % sizes.freelancers) + 1) left = pileUp(id, left);
  return plan;

  /** Plans up to `sheets` from when somebody is free; gives how many are left when the history ends. */
  function career(freelancerId: number, sheets: number): number {
    const r = prng(`${seed}/career/${freelancerId}/${plan.length}`);
    const span = LAST_DAY - free[freelancerId]!;
    const perDay = Math.min(PER_DAY_AT_MOST, Math.ceil(sheets / Math.max(1, (span * 5 * FILLED) / 7)));
    const length = (Math.ceil(sheets / perDay) * 7) / 5 / FILLED;
    // the longer, the likelier to be still there; and some are there even in a small seed
    const goesOn = r.next() < (1.5 * length) / span || freelancerId % 50 === 1;
    const spare = Math.max(0, Math.floor((span - length) * (goesOn ? 1 : r.next() ** 1.6)));
    const used = new Set<number>();
    let open = sheets;
    let day = free[freelancerId]! + spare;
    let last: Engagement | null = null;
    while (open > 0) {
      // while the other one still goes on: nobody looks into the calendar
      const early =
        last !== null && last.to - last.from > 40 && r.chance(0.03) && damage.has('double-booked');
      if (early) day = last!.to - 15;
      else if (last !== null) day += Math.floor(r.next() ** 3 * 40);
      const long = 20 + Math.floor(r.next() ** 2 * 200);
      const projectId = projects.someAt(day, used, r);
      if (projectId === 0 || day > LAST_DAY) break;
      const end = Math.min(LAST_DAY, projects.end(projectId));
      const made = book(seed, { freelancerId, projectId, day, end, perDay }, Math.min(open, long * perDay));
      if (made === null) {
        day = end + 1;
        continue;
      }
      if (early) damage.planted('double-booked');
      used.add(projectId);
      if (last !== null) plan.add(last);
      last = made.engagement;
      open -= made.sheets;
      day = last.to + 1;
    }
    if (last !== null) {
      plan.add({ ...last, open: last.to > LAST_DAY - 20 && r.chance(0.7) });
      free[freelancerId] = last.to + 1;
    }
    return open;
  }

  /** For sizes that no calendar holds: several more on one day. */
  function pileUp(freelancerId: number, sheets: number): number {
    const onLastDay = Math.min(PER_DAY_AT_MOST, sheets);
    const r = prng(`${seed}/pile/${freelancerId}/${plan.length}`);
    let day = r.int(FIRST_DAY, LAST_DAY);
    while (isWeekend(day)) day -= 1;
    const projectId = projects.someAt(day, new Set(), r) || 1;
    plan.add({ freelancerId, projectId, from: day, to: day, perDay: 1, onLastDay, open: false });
    return sheets - onLastDay;
  }
}

type Slot = {
  readonly freelancerId: number;
  readonly projectId: number;
  readonly day: number;
  readonly end: number;
  readonly perDay: number;
};

/** As much of `sheets` as fits the days at work from `day` to `end`; null when there is none. */
function book(
  seed: number,
  { day: first, end, ...who }: Slot,
  sheets: number,
): { engagement: Engagement; sheets: number } | null {
  const { freelancerId, perDay } = who;
  const wanted = Math.ceil(sheets / perDay);
  let [from, to, days] = [0, 0, 0];
  for (let day = first; day <= end && days < wanted; day++) {
    if (!atWork(seed, freelancerId, day)) continue;
    if (days === 0) from = day;
    to = day;
    days += 1;
  }
  if (days === 0) return null;
  const onLastDay = days === wanted ? sheets - (days - 1) * perDay : perDay;
  return {
    engagement: { ...who, from, to, onLastDay, open: false },
    sheets: (days - 1) * perDay + onLastDay,
  };
}

const UNBROKEN = damageOf(0, new Set(DAMAGE));

/** When each project has work to do. */
class Calendar {
  readonly #from: Int32Array;
  readonly #end: Int32Array;
  readonly #count: number;

  constructor(seed: number, sizes: Sizes) {
    this.#count = sizes.projects;
    this.#from = new Int32Array(sizes.projects + 1);
    this.#end = new Int32Array(sizes.projects + 1);
    for (let id = 1; id <= sizes.projects; id++) {
      const { from, end, status } = projectCore(seed, id, sizes);
      this.#from[id] = from;
      // nothing is worked on before it runs
      this.#end[id] = status === 'plan' || status === 'open' ? from - 1 : end;
    }
  }

  end(id: number): number {
    return this.#end[id]!;
  }

  /** A project with work on that day, if possible not one of `used`; 0 when there is none. */
  someAt(day: number, used: ReadonlySet<number>, r: Prng): number {
    const last = Math.min(
      this.#count,
      Math.ceil(((day - FIRST_DAY) / (LAST_DAY - FIRST_DAY)) * this.#count) + 1,
    );
    const window = Math.max(4, Math.ceil(this.#count / 6));
    let fallback = 0;
    for (let attempt = 0; attempt < 60; attempt++) {
      // later attempts look further back
      const back = attempt < 30 ? window : this.#count;
      const id = Math.max(1, last - Math.floor(r.next() * Math.min(back, last)));
      if (this.#from[id]! > day || this.#end[id]! < day) continue;
      if (!used.has(id)) return id;
      fallback = id;
    }
    return fallback;
  }
}
