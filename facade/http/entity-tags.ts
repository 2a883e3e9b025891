import { entityTagMark, type GivenTag, givenTags, markTag, opaqueOf } from '../core/entity-tag.ts';
import type { Party } from '../core/party.ts';
import type { RouteState } from '../core/snapshot.ts';

/** How entity tags pass on one request's way to one upstream. */
export type TagPassage = {
  /** Of the upstream that is asked. */
  readonly mark: string;
  /** Its answers are marked. */
  readonly marks: boolean;
  /** It takes tags without a mark for its own. */
  readonly takesPlain: boolean;
  /** Own tags that the client sent, by their opaque part: whether they were marked. */
  sent: ReadonlyMap<string, boolean>;
};

const LEGACY = entityTagMark('legacy', null);
const NOTHING_SENT: ReadonlyMap<string, boolean> = new Map();
const candidateMarks = new Map<string, string>();

/**
 * Null: tags pass as they are. A candidate marks until its route is retired, since anything before that can end at
 * legacy again; legacy marks while a route is split. Tags without a mark were made by legacy before that.
 */
export function tagPassage(state: RouteState | null, party: Party): TagPassage | null {
  if (!state || state.route.etags === 'plain') return null;
  const stage = state.position?.stage;
  const split = stage === 'canary' || stage === 'candidate';
  const legacy = party === 'legacy';
  return {
    mark: legacy ? LEGACY : candidateMark(state.route.candidate),
    marks: legacy ? split : stage !== 'retired',
    takesPlain: legacy || stage === 'retired',
    sent: NOTHING_SENT,
  };
}

function candidateMark(name: string): string {
  let mark = candidateMarks.get(name);
  if (mark === undefined) {
    mark = entityTagMark('candidate', name);
    candidateMarks.set(name, mark);
  }
  return mark;
}

type Headers = Record<string, string | string[]>;

/** Settles the conditions of a request, in place: the upstream gets its own tags as it made them, and no others. */
export function ownConditions(headers: Headers, passage: TagPassage): void {
  const {
    'if-none-match': noneMatch,
    'if-match': match,
    'if-range': range,
    'if-modified-since': modifiedSince,
  } = headers;
  if (typeof noneMatch === 'string') {
    const tags = givenTags(noneMatch);
    const own = tags.filter((tag) => isOwn(tag, passage));
    note(own, passage);
    if (own.length > 0) headers['if-none-match'] = list(own.map(({ plain }) => plain));
    else if (tags.length > 0) {
      delete headers['if-none-match'];
      // It was not to be looked at beside the tag (RFC 9110 §13.1.3), and its date is the other side's.
      if (modifiedSince !== undefined) delete headers['if-modified-since'];
    }
  }
  if (typeof match === 'string') {
    const tags = givenTags(match);
    note(
      tags.filter((tag) => isOwn(tag, passage)),
      passage,
    );
    // SECURITY: without its condition the write would go through and undo one that the client has not seen. With a
    // mark on it a foreign tag matches nothing: 412.
    if (tags.length > 0)
      headers['if-match'] = list(
        tags.map((tag) =>
          isOwn(tag, passage) ? tag.plain : tag.mark === null ? markTag(tag.text, LEGACY) : tag.text,
        ),
      );
  }
  if (typeof range === 'string' && /^(?:W\/)?"/i.test(range.trim())) {
    const [tag] = givenTags(range);
    if (tag && isOwn(tag, passage)) {
      note([tag], passage);
      headers['if-range'] = tag.plain;
    } else {
      // Without its condition the range would be cut out of another representation.
      delete headers['if-range'];
      delete headers.range;
    }
  }
}

const list = (tags: string[]): string => tags.join(', ');

function isOwn({ mark }: GivenTag, passage: TagPassage): boolean {
  return mark === null ? passage.takesPlain : mark === passage.mark;
}

function note(own: readonly GivenTag[], passage: TagPassage): void {
  if (own.length === 0) return;
  const sent = new Map(passage.sent);
  for (const { plain, mark } of own) sent.set(opaqueOf(plain), mark !== null);
  passage.sent = sent;
}

/** An upstream's ETag as the client gets it: in the form that it sent itself, so that a 304 names what it holds. */
export function tagForClient(tag: string, { mark, marks, sent }: TagPassage): string {
  const marked = sent.size > 0 ? (sent.get(opaqueOf(tag)) ?? marks) : marks;
  return marked && tag !== '' ? markTag(tag, mark) : tag;
}
