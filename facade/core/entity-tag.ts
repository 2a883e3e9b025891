import { createHash } from 'node:crypto';
import type { Party } from './party.ts';

/** `fig-`, six hex characters that stand for an upstream, `-`: what a marked tag begins with, inside its quotes. */
const MARK = /^fig-[0-9a-f]{6}-/;
// RFC 9110 §8.8.3, read leniently: what stands there without quotes is taken for a tag as well.
const TAG = /(W\/)?"([^"]*)"|[^\s,"]+/gi;
const ONE_TAG = /^(W\/)?"(.*)"$/is;

/** The mark of legacy's tags, or with a name of that candidate's. It names nobody, and is the same in every replica. */
export function entityTagMark(party: Party, candidate: string | null): string {
  const name = party === 'legacy' ? 'legacy' : `candidate ${candidate}`;
  return `fig-${createHash('sha256').update(name).digest('hex').slice(0, 6)}-`;
}

/** An `ETag` with its mark in front of the opaque part, weak or strong as it was. */
export function markTag(tag: string, mark: string): string {
  const [, weak, opaque] = ONE_TAG.exec(tag) ?? [];
  return opaque === undefined ? mark + tag : `${weak ?? ''}"${mark}${opaque}"`;
}

/** What stands between the quotes. */
export function opaqueOf(tag: string): string {
  return ONE_TAG.exec(tag)?.[2] ?? tag;
}

/** One entity tag of a request. */
export type GivenTag = {
  /** As the client sent it. */
  readonly text: string;
  /** As the upstream made it, without a mark. */
  readonly plain: string;
  readonly mark: string | null;
};

/** The entity tags of If-Match, If-None-Match or If-Range. `*` is none. */
export function givenTags(header: string): GivenTag[] {
  return header.trim() === '*' ? [] : [...header.matchAll(TAG)].map(([text]) => givenTag(text));
}

function givenTag(text: string): GivenTag {
  const opaque = opaqueOf(text);
  const mark = MARK.exec(opaque)?.[0] ?? null;
  if (mark === null) return { text, plain: text, mark };
  const at = text.indexOf(opaque);
  return { text, plain: text.slice(0, at) + text.slice(at + mark.length), mark };
}
