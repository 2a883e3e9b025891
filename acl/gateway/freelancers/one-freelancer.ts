import type { RequestHandler, Response } from 'express';
import { requestIdOf } from '../../gateway-kit/request-id.ts';
import {
  bodyToBlockReason,
  bodyToCreate,
  bodyToEdit,
  DATABASE_ERROR,
  EMAIL_EXISTS,
  fitsLegacyColumns,
  newToDetail,
  type Refusal,
} from '../../translators/freelancers.ts';
import { readLegacyId } from '../legacy-id.ts';
import type { Change, FreelancersService, Versioned } from './freelancers-service.ts';

const NOT_FOUND: Refusal = { status: 404, error: 'freelancer not found' };
const ALREADY_BLOCKED: Refusal = { status: 400, error: 'already blocked' };
/** A PUT names no version: the last one wins, so it is tried again on whatever version is there by then. */
const EDIT_TRIES = 10;

type Handler = RequestHandler<{ id: string }>;

export function getFreelancer(service: FreelancersService): Handler {
  return async (request, response) => {
    const found = await load(service, request.params.id, response, requestIdOf(request));
    if (found !== null) response.json(newToDetail(found));
  };
}

export function createFreelancer(service: FreelancersService): RequestHandler {
  return async (request, response) => {
    const profile = bodyToCreate(request.body);
    if (!profile.ok) return refuse(response, profile.refusal);
    if (!fitsLegacyColumns(profile.value)) return refuse(response, DATABASE_ERROR);
    answer(response, await service.create(profile.value, requestIdOf(request)));
  };
}

export function editFreelancer(service: FreelancersService): Handler {
  return async (request, response) => {
    const requestId = requestIdOf(request);
    for (let attempt = 1; attempt <= EDIT_TRIES; attempt += 1) {
      const current = await load(service, request.params.id, response, requestId);
      if (current === null) return;
      const edit = bodyToEdit(request.body, current);
      if (!edit.ok) return refuse(response, edit.refusal);
      if (!fitsLegacyColumns(edit.value)) return refuse(response, DATABASE_ERROR);
      const change = await service.edit(current, edit.value, requestId);
      if (change.kind !== 'stale') return answer(response, change);
    }
    refuse(response, DATABASE_ERROR);
  };
}

export function activateFreelancer(service: FreelancersService): Handler {
  return async (request, response) => {
    const id = idOf(request.params.id, response);
    if (id !== null) answer(response, await service.activate(id, requestIdOf(request)));
  };
}

export function blockFreelancer(service: FreelancersService): Handler {
  return async (request, response) => {
    const requestId = requestIdOf(request);
    const current = await load(service, request.params.id, response, requestId);
    if (current === null) return;
    const reason = bodyToBlockReason(request.body);
    if (!reason.ok) return refuse(response, reason.refusal);
    if (current.status === 'blocked') return refuse(response, ALREADY_BLOCKED);
    if (!fitsLegacyColumns({ blockReason: reason.value })) return refuse(response, DATABASE_ERROR);
    answer(response, await service.block(current.number, reason.value, requestId));
  };
}

export function removeFreelancer(service: FreelancersService): Handler {
  return async (request, response) => {
    const id = idOf(request.params.id, response);
    if (id === null) return;
    if (await service.archive(id, requestIdOf(request))) response.json({ ok: true });
    else refuse(response, NOT_FOUND);
  };
}

/** Null when it has answered already. */
async function load(
  service: FreelancersService,
  text: string,
  response: Response,
  requestId: string,
): Promise<Versioned | null> {
  const id = idOf(text, response);
  if (id === null) return null;
  const found = await service.find(id, requestId);
  if (found === null) refuse(response, NOT_FOUND);
  return found;
}

function idOf(text: string, response: Response): number | null {
  const id = readLegacyId(text);
  if (typeof id === 'number') return id;
  refuse(response, id === 'none' ? NOT_FOUND : { status: 500, error: 'invalid id' });
  return null;
}

const REFUSALS = {
  missing: NOT_FOUND,
  'email-taken': EMAIL_EXISTS,
  'already-blocked': ALREADY_BLOCKED,
  // Legacy has no words for what only the new service refuses: to its clients such a value does not fit.
  invalid: DATABASE_ERROR,
  stale: DATABASE_ERROR,
} as const;

function answer(response: Response, change: Change): void {
  if (change.kind === 'done') response.json(newToDetail(change.freelancer));
  else refuse(response, REFUSALS[change.kind]);
}

function refuse(response: Response, { status, error }: Refusal): void {
  response.status(status).json({ error });
}
