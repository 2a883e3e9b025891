import type { Route } from '#plan/model/plan.ts';
import type { Party } from '../../core/party.ts';
import { changeHeaders } from '../request-headers.ts';

type Headers = Record<string, string | string[]>;

/** An answer without a body, or with a part of one, could not be compared. */
const CONDITIONAL = [
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'range',
] as const;

/** The headers of a copy: those of the request, unconditional, with what `credentials` says for its side and for copies. */
export function copyHeaders(headers: Headers, { credentials }: Route, side: Party): Headers {
  const own = { ...headers };
  for (const name of CONDITIONAL) delete own[name];
  for (const change of [credentials[side], credentials.shadow]) if (change) changeHeaders(own, change);
  return own;
}

/** The same for a second question to the side that answered: its own credentials, none of the copies'. */
export function repeatHeaders(headers: Headers, { credentials }: Route, side: Party): Headers {
  const own = { ...headers };
  for (const name of CONDITIONAL) delete own[name];
  const change = credentials[side];
  if (change) changeHeaders(own, change);
  return own;
}
