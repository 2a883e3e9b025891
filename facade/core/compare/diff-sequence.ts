import type { NamedSecret } from '../redact/secret-names.ts';
import type { Span } from '../redact/span.ts';
import { alignKeys, risingPairs, Work } from './align.ts';
import type { DifferenceKind, Reason, Sample } from './difference.ts';
import { spansInExcerpt, textExcerpt } from './excerpt.ts';
import type { Findings } from './findings.ts';
import { textReason } from './text-reason.ts';

/** A piece of a text: a line, or an element, attribute or text of a page. */
export type Piece = {
  /** Index-free: `text`, `html:/html/body/h1`. */
  readonly path: string;
  readonly at: string;
  readonly text: string;
  /** What it is by what names it elsewhere: the whole of it, or parts. */
  readonly secret?: NamedSecret | null;
  readonly spans?: readonly Span[];
};

/**
 * Tells the differences of two sequences of pieces: equal ones are paired in order, in the gaps between them those
 * with the same path are values that differ, the rest is missing or extra. What stands on both sides at another place
 * is one difference of order at `orderPath`.
 */
export function diffSequence(
  legacy: readonly Piece[],
  candidate: readonly Piece[],
  orderPath: string,
  findings: Findings,
): void {
  const paths = new Map<string, number>();
  const keys = new Map<string, number>();
  const keyOf = ({ path, text }: Piece) => numberOf(`${numberOf(path, paths)} ${text}`, keys);
  const work = new Work(findings.limits.work);
  const partner = alignKeys(legacy.map(keyOf), candidate.map(keyOf), work);
  const rising = risingPairs(partner);
  const taken = new Uint8Array(candidate.length);
  for (const j of partner) if (j !== -1) taken[j] = 1;
  let ordinals: Map<Piece, number> | null = null;
  const ordinalOf = (piece: Piece) => {
    ordinals ??= new Map([...ordinalsOf(legacy), ...ordinalsOf(candidate)]);
    return ordinals.get(piece);
  };
  const tell = (kind: DifferenceKind, reason: Reason | null, a: Piece | null, b: Piece | null) => {
    const { excerpt } = findings.limits;
    const piece = (a ?? b) as Piece;
    findings.add({
      kind,
      reason,
      path: () => piece.path,
      place: () => String(ordinalOf(piece)),
      sample: () => ({
        at: piece.at,
        legacy: a && textExcerpt(a.text, excerpt),
        candidate: b && textExcerpt(b.text, excerpt),
        ...hiddenIn(a, b, excerpt),
      }),
    });
  };

  const firstMoved = rising.findIndex((rises, i) => rises === 0 && partner[i] !== -1);
  if (firstMoved !== -1) {
    const moved = legacy[firstMoved] as Piece;
    const other = candidate[partner[firstMoved] as number] as Piece;
    const { excerpt } = findings.limits;
    const [a, b] = [named(moved), named(other)];
    const sample = () => ({
      at: moved.at,
      legacy: textExcerpt(a.text, excerpt),
      candidate: textExcerpt(b.text, excerpt),
      ...hiddenIn(a, b, excerpt),
    });
    findings.add({ kind: 'order', reason: null, path: () => orderPath, sample });
  }
  let fromA = 0;
  let fromB = 0;
  for (let i = 0; i <= legacy.length; i++) {
    if (i < legacy.length && rising[i] === 0) continue;
    const endB = i < legacy.length ? (partner[i] as number) : candidate.length;
    const gapA = legacy.slice(fromA, i).filter((_, n) => partner[fromA + n] === -1);
    const gapB = candidate.slice(fromB, endB).filter((_, n) => taken[fromB + n] === 0);
    pairGap(gapA, gapB, tell, work);
    fromA = i + 1;
    fromB = endB + 1;
  }
}

/** With the place in its text. */
function named({ path, at, text, secret, spans = [] }: Piece): Piece {
  const before = `${at}: `;
  const own = secret ? [{ from: 0, to: text.length, kind: secret }] : spans;
  const shift = ({ from, to, kind }: Span) => ({ from: from + before.length, to: to + before.length, kind });
  return { path, at, text: before + text, spans: own.map(shift) };
}

/** Which secrets a sample of two pieces holds, where it does not tell by itself. */
function hiddenIn(a: Piece | null, b: Piece | null, characters: number): Pick<Sample, 'secret' | 'spans'> {
  const secret = a?.secret ?? b?.secret;
  if (secret) return { secret };
  if (!a?.spans?.length && !b?.spans?.length) return {};
  const of = (piece: Piece | null) => spansInExcerpt(piece?.spans ?? [], piece?.text ?? '', characters);
  return { spans: { legacy: of(a), candidate: of(b) } };
}

/** The how many-th of its path each piece is. */
function ordinalsOf(pieces: readonly Piece[]): Map<Piece, number> {
  const seen = new Map<string, number>();
  return new Map(
    pieces.map((piece) => {
      const ordinal = seen.get(piece.path) ?? 0;
      seen.set(piece.path, ordinal + 1);
      return [piece, ordinal];
    }),
  );
}

function numberOf(text: string, numbers: Map<string, number>): number {
  const number = numbers.get(text) ?? numbers.size;
  numbers.set(text, number);
  return number;
}

type Tell = (kind: DifferenceKind, reason: Reason | null, a: Piece | null, b: Piece | null) => void;

/** First with first, second with second of each path. */
function pairGap(gapA: readonly Piece[], gapB: readonly Piece[], tell: Tell, work: Work): void {
  const waiting = new Map<string, Piece[]>();
  for (const piece of gapB.toReversed()) {
    const known = waiting.get(piece.path);
    if (known) known.push(piece);
    else waiting.set(piece.path, [piece]);
  }
  for (const piece of gapA) {
    const other = waiting.get(piece.path)?.pop();
    if (!other) tell('missing', null, piece, null);
    else {
      const size = (piece.text.length + other.text.length) >> 3;
      tell('value', work.spend(size) ? textReason(piece.text, other.text) : null, piece, other);
    }
  }
  for (const left of waiting.values()) for (const piece of left.reverse()) tell('extra', null, null, piece);
}
