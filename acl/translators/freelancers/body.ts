import { isoFromGerman } from '../legacy-values/dates.ts';
import { amountFromCents } from '../legacy-values/money.ts';
import { legacyText } from '../legacy-values/text.ts';
import { fold } from './fold.ts';
import type { FreelancerValue } from './model.ts';
import { splitName } from './name.ts';

/** What a legacy client is answered when its write is refused: the status is the contract's, however odd. */
export type Refusal = { readonly status: number; readonly error: string };
/** The fields of a write in the new model; only those that the legacy body states. */
export type Profile = Pick<
  FreelancerValue,
  | 'name'
  | 'status'
  | 'blockReason'
  | 'hourlyRate'
  | 'skills'
  | 'email'
  | 'phone'
  | 'city'
  | 'country'
  | 'notes'
  | 'availableFrom'
>;
/** What a PUT changes: an amount without its currency, or the other way round, leaves the other as it is. */
export type Edit = Partial<Omit<Profile, 'hourlyRate'>> & {
  readonly hourlyRate?: Partial<Profile['hourlyRate']>;
};
export type BodyToNew<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

export const EMAIL_EXISTS: Refusal = { status: 200, error: 'email exists' };
export const DATABASE_ERROR: Refusal = { status: 500, error: 'database error' };
const MAX_INT = 2_147_483_647;
const STATUS = new Map<unknown, FreelancerValue['status']>([
  ['A', 'active'],
  ['I', 'inactive'],
  ['B', 'blocked'],
]);
/** Characters that the legacy columns hold. */
const COLUMN_LENGTHS = {
  email: 160,
  phone: 40,
  blockReason: 255,
  city: 80,
  country: 2,
} as const;
const NAME_LENGTH = 120;
const SKILLS_LENGTH = 500;
const NOTES_BYTES = 65_535;

type Body = Readonly<Record<string, unknown>>;

/** Translates the body of a legacy POST, with the checks, their order and the answers of the monolith. */
export function bodyToCreate(body: unknown): BodyToNew<Profile> {
  const edit = readBody({ frl_name: null, ...asBody(body) });
  if (!edit.ok) return edit;
  const nothing = { blockReason: null, email: null, phone: null, city: null, country: null, notes: null };
  const assumed = { skills: [], status: 'active', availableFrom: null } as const;
  const value = {
    ...nothing,
    ...assumed,
    name: { first: '', last: '' },
  };
  const hourlyRate = { amount: '0.00', currency: 'EUR', ...edit.value.hourlyRate };
  return { ok: true, value: { ...value, ...edit.value, hourlyRate } };
}

/**
 * Translates the body of a legacy PUT: the keys that are present, the same checks. Legacy forms send every field back;
 * only what differs from `current` is stated, so that a value that only legacy takes can stay where it is.
 */
export function bodyToEdit(body: unknown, current: FreelancerValue): BodyToNew<Edit> {
  const edit = readBody(asBody(body));
  if (!edit.ok) return edit;
  const { hourlyRate, ...rest } = edit.value;
  const rate = changes(hourlyRate ?? {}, current.hourlyRate);
  const value: Edit = changes(rest, current);
  return { ok: true, value: Object.keys(rate).length === 0 ? value : { ...value, hourlyRate: rate } };
}

/** The reason of a legacy block. */
export function bodyToBlockReason(body: unknown): BodyToNew<string> {
  const reason = legacyText(asBody(body).reason);
  if (reason === null || reason === '') return refuse(400, 'reason missing');
  return { ok: true, value: reason };
}

/** False when a legacy column would not hold it: legacy answers `database error`, after all other checks. */
export function fitsLegacyColumns(profile: Edit): boolean {
  const { name, hourlyRate, skills, notes } = profile;
  const whole = name === undefined ? '' : name.first === '' ? name.last : `${name.last}, ${name.first}`;
  if (length(whole) > NAME_LENGTH || fold(whole).length > NAME_LENGTH) return false;
  if (Number(hourlyRate?.amount?.replace('.', '') ?? 0) > MAX_INT) return false;
  if (length(hourlyRate?.currency ?? '') > 3) return false;
  if (skills !== undefined && length(skills.join(',')) > SKILLS_LENGTH) return false;
  if (notes && Buffer.byteLength(notes) > NOTES_BYTES) return false;
  return Object.entries(COLUMN_LENGTHS).every(
    ([key, most]) => length(profile[key as keyof typeof COLUMN_LENGTHS] ?? '') <= most,
  );
}

function readBody(body: Body): BodyToNew<Edit> {
  const edit: { -readonly [K in keyof Edit]: Edit[K] } = {};
  if (body.frl_name !== undefined) {
    const name = legacyText(body.frl_name);
    if (name === null || name === '') return refuse(400, 'frl_name missing');
    edit.name = splitName(name);
  }
  if (body.frl_stat !== undefined) {
    const status = STATUS.get(body.frl_stat);
    if (status === undefined) return refuse(400, 'frl_stat invalid');
    edit.status = status;
  }
  const rate = readRate(body);
  if (rate === null) return refuse(400, 'rate_ct invalid');
  if (rate !== undefined) edit.hourlyRate = rate;
  if (body.avail_from !== undefined) {
    const isNow = body.avail_from === null || body.avail_from === '';
    const day = typeof body.avail_from === 'string' ? isoFromGerman(body.avail_from) : null;
    if (!isNow && day === null) return refuse(400, 'avail_from invalid');
    edit.availableFrom = day;
  }
  if (body.frl_email !== undefined) edit.email = legacyText(body.frl_email) || null;
  if (body.frl_phone !== undefined) edit.phone = legacyText(body.frl_phone) || null;
  if (body.blk_reason !== undefined) edit.blockReason = legacyText(body.blk_reason) || null;
  if (body.skills_csv !== undefined) edit.skills = readSkills(body.skills_csv);
  if (body.city !== undefined) edit.city = legacyText(body.city) || null;
  if (body.country !== undefined) edit.country = legacyText(body.country) || null;
  if (body.notes !== undefined) edit.notes = legacyText(body.notes) || null;
  return { ok: true, value: edit };
}

/** Undefined when the body states neither amount nor currency; null when the amount is none. */
function readRate(body: Body): Edit['hourlyRate'] | null {
  if (body.rate_ct === undefined && body.cur === undefined) return undefined;
  const cents = body.rate_ct === undefined ? undefined : readCents(body.rate_ct);
  if (cents === null) return null;
  return {
    ...(cents === undefined ? {} : { amount: amountFromCents(cents) }),
    ...(body.cur === undefined ? {} : { currency: legacyText(body.cur) || 'EUR' }),
  };
}

/** The entries of `stated` that are not what they are in `current`. */
function changes<T extends object>(stated: T, current: Readonly<Record<string, unknown>>): T {
  const differs = ([key, value]: [string, unknown]) => JSON.stringify(value) !== JSON.stringify(current[key]);
  return Object.fromEntries(Object.entries(stated).filter(differs)) as T;
}

function readCents(value: unknown): number | null {
  const cents = typeof value === 'string' && /^\d+$/.test(value.trim()) ? Number(value) : value;
  if (typeof cents !== 'number' || cents < 0) return null;
  if (Number.isInteger(cents)) return Math.min(cents, MAX_INT + 1);
  // A text of very many digits is infinite as a number: legacy hands it on, and the column refuses it.
  return typeof value === 'string' ? MAX_INT + 1 : null;
}

/** `Java, SQL,,java` is `Java,SQL`: legacy drops all white space, empty elements and repetitions. */
function readSkills(value: unknown): readonly string[] {
  const seen = new Map<string, string>();
  for (const skill of (legacyText(value) ?? '').replace(/\s+/g, '').split(',')) {
    const key = skill.toUpperCase();
    if (skill !== '' && !seen.has(key)) seen.set(key, skill);
  }
  return [...seen.values()];
}

function length(value: string): number {
  return [...value].length;
}

function asBody(body: unknown): Body {
  return typeof body === 'object' && body !== null ? (body as Body) : {};
}

function refuse<T>(status: number, error: string): BodyToNew<T> {
  return { ok: false, refusal: { status, error } };
}
