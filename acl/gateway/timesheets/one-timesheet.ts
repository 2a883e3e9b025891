import type { Request, RequestHandler, Response } from 'express';
import type { HttpClient } from '../../gateway-kit/http-client.ts';
import { requestIdOf } from '../../gateway-kit/request-id.ts';
import { sessionOf } from '../../gateway-kit/session-check.ts';
import { amountFromCents } from '../../translators/legacy-values/money.ts';
import {
  bodyToEdit,
  bodyToFiling,
  bodyToReason,
  fitsLegacyColumn,
  type Names,
  newToLegacy,
  type Refusal,
  type TimesheetValue,
} from '../../translators/timesheets.ts';
import { readLegacyId } from '../legacy-id.ts';
import { OtherContexts } from './other-contexts.ts';
import type { Change, Step, TimesheetsService, Versioned } from './timesheets-service.ts';

const NOT_FOUND: Refusal = { status: 404, error: 'timesheet not found' };
const WRONG_STATE: Refusal = { status: 400, error: 'wrong state' };
const DAY_FULL: Refusal = { status: 400, error: 'more than 24 hours' };
const DATABASE_ERROR: Refusal = { status: 500, error: 'database error' };
/** A PUT names no version: the last one wins, so it is tried again on whatever version is there by then. */
const EDIT_TRIES = 10;

type Handler = RequestHandler<{ id: string }>;

export function getTimesheet(service: TimesheetsService, legacy: HttpClient): Handler {
  return async (request, response) => {
    const found = await load(service, request, response);
    if (found !== null) await show(response, found, new OtherContexts(legacy, request));
  };
}

export function createTimesheet(service: TimesheetsService, legacy: HttpClient): RequestHandler {
  return async (request, response) => {
    const requestId = requestIdOf(request);
    const filing = bodyToFiling(request.body);
    if (!filing.ok) return refuse(response, filing.refusal);
    const { freelancerNumber, projectNumber } = filing.value;
    const others = new OtherContexts(legacy, request);
    const freelancer = freelancerNumber === null ? null : await others.freelancer(freelancerNumber);
    if (freelancerNumber === null || freelancer === null)
      return refuse(response, { status: 400, error: 'freelancer unknown' });
    const project = projectNumber === null ? null : await others.project(projectNumber);
    if (projectNumber === null || project === null)
      return refuse(response, { status: 400, error: 'project unknown' });
    // 200: these two are older than the others (`blocked-is-200`).
    if (!freelancer.canWork) return refuse(response, { status: 200, error: 'freelancer blocked' });
    if (!project.isOpen) return refuse(response, { status: 200, error: 'project closed' });
    const cents = project.agreedCents.get(freelancerNumber) ?? freelancer.rateCents;
    const hourlyRate = { amount: amountFromCents(cents), currency: 'EUR' } as const;
    const sheet = { ...filing.value, freelancerNumber, projectNumber, hourlyRate };
    if (!fitsLegacyColumn(sheet.note))
      return refuseTooLong(service, { ...sheet, number: null }, request, response);
    const names = { freelancer: freelancer.name, project: project.title };
    await answer(response, await service.file(sheet, requestId), others, names);
  };
}

export function editTimesheet(service: TimesheetsService, legacy: HttpClient): Handler {
  return async (request, response) => {
    const requestId = requestIdOf(request);
    for (let attempt = 1; attempt <= EDIT_TRIES; attempt += 1) {
      const id = idOf(request.params.id, response);
      if (id === null) return;
      const edit = bodyToEdit(request.body);
      if (!edit.ok) return refuse(response, edit.refusal);
      const current = await load(service, request, response);
      if (current === null) return;
      if (current.status === 'approved' || current.status === 'paid') return refuse(response, WRONG_STATE);
      if (!fitsLegacyColumn(edit.value.note))
        return refuseTooLong(service, { ...current, ...edit.value }, request, response);
      const change = await service.edit(current, edit.value, requestId);
      if (change.kind !== 'stale') return answer(response, change, new OtherContexts(legacy, request));
    }
    refuse(response, DATABASE_ERROR);
  };
}

export function removeTimesheet(service: TimesheetsService): Handler {
  return async (request, response) => {
    const id = idOf(request.params.id, response);
    if (id === null) return;
    const outcome = await service.remove(id, requestIdOf(request));
    if (outcome === 'removed') response.json({ ok: true });
    // 409 here and 400 everywhere else (`wrong-state-by-age`).
    else refuse(response, outcome === 'missing' ? NOT_FOUND : { ...WRONG_STATE, status: 409 });
  };
}

export function submitTimesheet(service: TimesheetsService, legacy: HttpClient): Handler {
  return (request, response) => takeStep(service, legacy, request, response, 'submit', {});
}

export function approveTimesheet(service: TimesheetsService, legacy: HttpClient): Handler {
  return (request, response) => {
    const approvedBy = sessionOf(request).number;
    return takeStep(service, legacy, request, response, 'approve', { approvedBy });
  };
}

export function rejectTimesheet(service: TimesheetsService, legacy: HttpClient): Handler {
  return async (request, response) => {
    const reason = bodyToReason(request.body);
    if (!reason.ok) return refuse(response, reason.refusal);
    await takeStep(service, legacy, request, response, 'reject', { reason: reason.value });
  };
}

async function takeStep(
  service: TimesheetsService,
  legacy: HttpClient,
  request: Request<{ id: string }>,
  response: Response,
  step: Step,
  body: object,
): Promise<void> {
  const id = idOf(request.params.id, response);
  if (id === null) return;
  const change = await service.take(id, step, body, requestIdOf(request));
  await answer(response, change, new OtherContexts(legacy, request));
}

/** Null when it has answered already. */
async function load(
  service: TimesheetsService,
  request: Request<{ id: string }>,
  response: Response,
): Promise<Versioned | null> {
  const id = idOf(request.params.id, response);
  if (id === null) return null;
  const found = await service.find(id, requestIdOf(request));
  if (found === null) refuse(response, NOT_FOUND);
  return found;
}

function idOf(text: string, response: Response): number | null {
  const id = readLegacyId(text);
  if (typeof id === 'number') return id;
  refuse(response, id === 'none' ? NOT_FOUND : { status: 500, error: 'invalid id' });
  return null;
}

/** A text that the column does not hold is refused by legacy's database, which is asked last. */
async function refuseTooLong(
  service: TimesheetsService,
  sheet: Parameters<TimesheetsService['hasRoom']>[0],
  request: Request<{ id: string }> | Request,
  response: Response,
): Promise<void> {
  const hasRoom = await service.hasRoom(sheet, requestIdOf(request as Request));
  refuse(response, hasRoom ? DATABASE_ERROR : DAY_FULL);
}

const REFUSALS = {
  missing: NOT_FOUND,
  'day-full': DAY_FULL,
  'wrong-status': WRONG_STATE,
  // Legacy has no words for what only the new service refuses: to its clients such a value does not fit.
  invalid: DATABASE_ERROR,
  stale: DATABASE_ERROR,
} as const;

async function answer(
  response: Response,
  change: Change,
  others: OtherContexts,
  known?: Names,
): Promise<void> {
  if (change.kind === 'done') await show(response, change.timesheet, others, known);
  else refuse(response, REFUSALS[change.kind]);
}

async function show(
  response: Response,
  sheet: TimesheetValue,
  others: OtherContexts,
  known?: Names,
): Promise<void> {
  const [names = known] = known === undefined ? await others.namesOf([sheet]) : [];
  response.json(newToLegacy(sheet, names as Names));
}

function refuse(response: Response, { status, error }: Refusal): void {
  response.status(status).json({ error });
}
