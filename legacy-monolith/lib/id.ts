import type { Request, Response } from 'express';
import { MAX_INT } from './input.ts';

/** The number in the path, or null with the answer given: no number is a 500, one that cannot exist a 404. */
export function idOf(req: Request, res: Response, what: string, param = 'id'): number | null {
  const id = parseInt(String(req.params[param]), 10);
  if (Number.isNaN(id)) {
    res.status(500).json({ error: 'invalid id' });
    return null;
  }
  if (id < 1 || id > MAX_INT) {
    res.status(404).json({ error: `${what} not found` });
    return null;
  }
  return id;
}
