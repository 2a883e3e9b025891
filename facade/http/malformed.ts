import { type ProblemBody, problemOf } from './problem.ts';

/** What a client is told that said something which is no request, or too slowly; by what Node says of it. */
export function malformed({ code }: NodeJS.ErrnoException): ProblemBody {
  if (code === 'HPE_HEADER_OVERFLOW')
    return problemOf('ROUTE_HEADERS_TOO_LARGE', 'The request headers are too large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return problemOf('ROUTE_BODY_TIMEOUT', 'The request did not arrive in time.');
  if (code === 'HPE_INVALID_VERSION')
    return problemOf('ROUTE_VERSION_UNSUPPORTED', 'expected HTTP/1.1, got another version.');
  return problemOf('ROUTE_REQUEST_INVALID', 'The request is not well-formed HTTP.');
}
