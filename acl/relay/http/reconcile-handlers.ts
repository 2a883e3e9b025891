import type { Response } from 'express';
import { z } from 'zod';
import { problem } from '../../gateway-kit/problem.ts';
import type { Reconcile } from '../reconcile/reconcile.ts';

const startBody = z.strictObject({ repair: z.boolean().default(false) });

export function showReconcile(reconcile: Reconcile, response: Response): void {
  response.json(reconcile.status());
}

/** The body is `{repair?}`, or empty. */
export function startReconcile(reconcile: Reconcile, response: Response): void {
  const body = startBody.safeParse(response.req.body ?? {});
  if (!body.success) {
    const got = body.error.issues
      .map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
      .join('; ');
    const detail = `body: expected {"repair": true}, {"repair": false} or none, got ${got}. Correct it, or leave it out.`;
    problem(response, 400, 'RELAY_RECONCILE_BODY', detail);
    return;
  }
  if (reconcile.start(body.data.repair)) response.status(202).json(reconcile.status());
  else
    problem(
      response,
      409,
      'RELAY_RECONCILE_RUNNING',
      `${reconcile.status().set} is being compared. Follow it, or stop it with DELETE.`,
      { reconcile: reconcile.status() },
    );
}

export async function stopReconcile(reconcile: Reconcile, response: Response): Promise<void> {
  await reconcile.cancel();
  response.json(reconcile.status());
}
