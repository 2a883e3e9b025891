import { createHash } from 'node:crypto';
import { z } from 'zod';

const headers = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
const body = {
  /** Decoded and redacted; null: there is none, or it is no text or too large, and then `digest` may say which one it is. */
  text: z.string().nullable(),
  bytes: z.int().min(0),
  /** SHA-256 (hex) of a body that is no text. */
  digest: z.string().nullable(),
  /** More than was to be kept. */
  tooLarge: z.boolean(),
};

/** One request and its answer, as `fig record` writes it: one line of JSON. No secret stands in it. */
export const recordedExchange = z.object({
  fig: z.literal('exchange/1'),
  at: z.iso.datetime(),
  route: z.string(),
  /** `GET /api/articles/:slug`: the match of the plan that claimed it. */
  match: z.string(),
  method: z.string(),
  /** As the client sent it, with its query. */
  target: z.string(),
  headers,
  body: z.object(body),
  /** Which session it belongs to, if any: the same for the same cookie or credentials within one recording. */
  session: z.string().nullable(),
  /** Something of the request itself was taken out of it, so it cannot be sent as it was. */
  redacted: z.boolean(),
  upstream: z.enum(['legacy', 'candidate']),
  status: z.int().min(100).max(599),
  answerHeaders: headers,
  answer: z.object(body),
  ms: z.number().min(0),
});
export type RecordedExchange = z.infer<typeof recordedExchange>;

/** The last line of a recording that came to its end. */
export const recordingEnd = z.object({
  fig: z.literal('end/1'),
  recorded: z.int().min(0),
  /** Finished requests that found no place, since they came faster than they were taken away. */
  dropped: z.int().min(0),
});
export type RecordingEnd = z.infer<typeof recordingEnd>;

/** A whole body as an exchange tells it: as text, or where it is none, or holds NUL, by its digest. Nothing is redacted. */
export function recordedBody(bytes: Uint8Array): RecordedExchange['body'] {
  const told = { text: null, bytes: bytes.length, digest: null, tooLarge: false };
  if (bytes.length === 0) return told;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return { ...told, text };
  } catch {
    // No text.
  }
  return { ...told, digest: createHash('sha256').update(bytes).digest('hex') };
}
