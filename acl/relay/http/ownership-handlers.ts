import type { Request, Response } from 'express';
import { z } from 'zod';
import { problem } from '../../gateway-kit/problem.ts';
import type { Outcome, SetOwnership } from '../ownership/set-ownership.ts';

const epoch = z.int().min(1);
const side = z.enum(['legacy', 'candidate']);
const closeBody = z.strictObject({ side, epoch });
const proveBody = z.strictObject({ to: side });
const openBody = z.strictObject({ owner: side, epoch });

export async function showOwnership(owner: SetOwnership, response: Response): Promise<void> {
  response.json(await owner.status());
}

export async function verifyWritten(owner: SetOwnership, response: Response): Promise<void> {
  response.json(await owner.verify());
}

export async function putUpGates(owner: SetOwnership, response: Response): Promise<void> {
  await answer(owner, response, await owner.install());
}

export async function takeDownGates(owner: SetOwnership, response: Response): Promise<void> {
  await answer(owner, response, await owner.remove());
}

export const closeSide = step(closeBody, (owner, body) => owner.close(body.side, body.epoch));
export const proveWay = step(proveBody, (owner, { to }) => owner.prove(to));
export const openSide = step(openBody, (owner, body) => owner.open(body.owner, body.epoch));

function step<T>(shape: z.ZodType<T>, take: (owner: SetOwnership, body: T) => Promise<Outcome>) {
  return async (owner: SetOwnership, response: Response, request: Pick<Request, 'body'>): Promise<void> => {
    const body = shape.safeParse(request.body);
    if (body.success) return answer(owner, response, await take(owner, body.data));
    const [issue] = body.error.issues;
    problem(response, 400, 'RELAY_REQUEST', `body: ${issue?.path.join('.')}: ${issue?.message}`);
  };
}

async function answer(owner: SetOwnership, response: Response, outcome: Outcome): Promise<void> {
  if (outcome.ok) response.json(await owner.status());
  else problem(response, 409, 'RELAY_OWNER_UNCHANGED', outcome.detail);
}
