import express, { type RequestHandler } from 'express';
import { problem } from './problem.ts';

/** Reads a JSON body of one of the media types; a body of another one is refused instead of ignored. */
export function jsonBody(limit: string, ...mediaTypes: readonly string[]): RequestHandler[] {
  return [
    (request, _response, next) => {
      if (request.is([...mediaTypes]) === false) {
        throw problem('MEDIA_TYPE_UNSUPPORTED', `Send ${mediaTypes.join(' or ')}.`);
      }
      next();
    },
    express.json({ limit, type: [...mediaTypes] }),
  ];
}
