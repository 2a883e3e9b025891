/** A stretch of a text that holds a secret. */
export type Span = { readonly from: number; readonly to: number; readonly kind: string };

/** Replaces spans of a text. Those that overlap become one, of the kind of the first. */
export function replaceSpans(
  text: string,
  spans: readonly Span[],
  stand: (secret: string, kind: string) => string,
): string {
  const ordered = [...spans].sort((one, other) => one.from - other.from || other.to - one.to);
  let [result, done] = ['', 0];
  for (let at = 0; at < ordered.length; ) {
    const { from, kind } = ordered[at]!;
    let { to } = ordered[at]!;
    for (at++; at < ordered.length && ordered[at]!.from < to; at++) to = Math.max(to, ordered[at]!.to);
    result += text.slice(done, from) + stand(text.slice(from, to), kind);
    done = to;
  }
  return result + text.slice(done);
}

/** What of them lies within a part of the text, as it stands there. */
export function spansWithin(spans: readonly Span[], from: number, to: number): Span[] {
  return spans.flatMap((span) =>
    span.from < to && span.to > from
      ? { ...span, from: Math.max(span.from, from) - from, to: Math.min(span.to, to) - from }
      : [],
  );
}
