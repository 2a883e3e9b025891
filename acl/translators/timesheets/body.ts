import { isoFromGerman } from '../legacy-values/dates.ts';
import { legacyText } from '../legacy-values/text.ts';
import { readHours } from './hours.ts';
import type { TimesheetValue } from './model.ts';

/** What a legacy client is answered when its write is refused: the status is the contract's, however odd. */
export type Refusal = { readonly status: number; readonly error: string };
export type BodyToNew<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

/** What the body of a POST says; `null` for a number that nobody can have. What was agreed is for others to say. */
export type Filing = Pick<TimesheetValue, 'day' | 'hours' | 'billable' | 'note'> & {
  readonly freelancerNumber: number | null;
  readonly projectNumber: number | null;
};
/** What a PUT changes: only what it states. */
export type Edit = Partial<Pick<TimesheetValue, 'day' | 'hours' | 'billable' | 'note'>>;

const MAX_INT = 2_147_483_647;
/** Characters that the column of the text holds. */
const TEXT_LENGTH = 255;
/** UTF-16 units of a reason that the monolith keeps; the rest is cut off without a word (`reason-over-text`). */
const REASON_UNITS = 200;

type Body = Readonly<Record<string, unknown>>;

/** Translates the body of a legacy POST, with the checks, their order and the answers of the monolith. */
export function bodyToFiling(given: unknown): BodyToNew<Filing> {
  const body = asBody(given);
  const day = isoFromGerman(typeof body.tsh_day === 'string' ? body.tsh_day : '');
  if (day === null) return refuse(400, isBlank(body.tsh_day) ? 'tsh_day missing' : 'tsh_day invalid');
  const hours = readHours(body.tsh_hours);
  if (hours === null) return refuse(400, isBlank(body.tsh_hours) ? 'tsh_hours missing' : 'tsh_hours invalid');
  return {
    ok: true,
    value: {
      freelancerNumber: readNumber(body.frl_id),
      projectNumber: readNumber(body.prj_id),
      day,
      hours,
      billable: body.is_billable !== 'N',
      note: legacyText(body.tsh_text) || null,
    },
  };
}

/** Translates the body of a legacy PUT: the keys that are present, the same checks. */
export function bodyToEdit(given: unknown): BodyToNew<Edit> {
  const body = asBody(given);
  const edit: { -readonly [K in keyof Edit]: Edit[K] } = {};
  if (body.tsh_day !== undefined) {
    const day = typeof body.tsh_day === 'string' ? isoFromGerman(body.tsh_day) : null;
    if (day === null) return refuse(400, 'tsh_day invalid');
    edit.day = day;
  }
  if (body.tsh_hours !== undefined) {
    const hours = readHours(body.tsh_hours);
    if (hours === null) return refuse(400, 'tsh_hours invalid');
    edit.hours = hours;
  }
  if (body.tsh_text !== undefined) edit.note = legacyText(body.tsh_text) || null;
  if (body.is_billable !== undefined) edit.billable = body.is_billable !== 'N';
  return { ok: true, value: edit };
}

/** The reason of a legacy rejection, cut as the monolith cuts it. */
export function bodyToReason(given: unknown): BodyToNew<string> {
  const reason = legacyText(asBody(given).reason);
  if (reason === null || reason === '') return refuse(400, 'reason missing');
  return { ok: true, value: reason.slice(0, REASON_UNITS).toWellFormed() };
}

/** False when the legacy column would not hold it: legacy answers `database error`, after all other checks. */
export function fitsLegacyColumn(note: string | null | undefined): boolean {
  return [...(note ?? '')].length <= TEXT_LENGTH;
}

/** `numbers-by-coercion`: a number or the text of one, as `Number()` reads it. */
function readNumber(given: unknown): number | null {
  const isRead = typeof given === 'number' || (typeof given === 'string' && given.trim() !== '');
  const number = isRead ? Number(given) : Number.NaN;
  return Number.isInteger(number) && number > 0 && number <= MAX_INT ? number : null;
}

function isBlank(given: unknown): boolean {
  return legacyText(given) === null || legacyText(given) === '';
}

function asBody(body: unknown): Body {
  return typeof body === 'object' && body !== null ? (body as Body) : {};
}

function refuse<T>(status: number, error: string): BodyToNew<T> {
  return { ok: false, refusal: { status, error } };
}
