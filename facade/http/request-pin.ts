import type { IncomingMessage } from 'node:http';
import type { PinOf } from '../core/decide.ts';
import { openPin, PIN_NAME } from '../core/pin.ts';
import { cookieValue } from './edge.ts';

const UNPINNED: PinOf = () => null;

/** The pins of a request, read now and checked only when a matched route asks. The header counts before the cookie. */
export function pinsOf({ headers }: IncomingMessage, secret: Buffer): PinOf {
  const header = headers[PIN_NAME];
  const cookie = headers.cookie;
  if (header === undefined && !cookie?.includes(PIN_NAME)) return UNPINNED;
  const tokens = `${header ?? ''},${cookieValue(cookie, PIN_NAME) ?? ''}`.replace(/^,/, '');
  return (state) => openPin(tokens, state.route.name, secret, Date.now() / 1000);
}
