import { createHash } from 'node:crypto';
import type { Answer } from './answer.ts';
import { type DecodedText, decodeText } from './decode-text.ts';
import { diffHtml, readHtml } from './diff-html.ts';
import { diffJson } from './diff-json.ts';
import { diffText } from './diff-text.ts';
import type { DifferenceKind, Reason } from './difference.ts';
import { textExcerpt } from './excerpt.ts';
import type { Findings } from './findings.ts';
import { JsonList, type JsonValue } from './json-value.ts';
import { type BodyKind, bodyKindOf, type MediaType, readMediaType } from './media-type.ts';
import { type JsonReading, parseJson } from './parse-json.ts';
import type { CompiledRules } from './rules.ts';
import { sameJson } from './same-json.ts';
import { Shape } from './shapes.ts';

type Body = { readonly bytes: Uint8Array; readonly mediaType: MediaType; readonly kind: BodyKind };
type Verdict = 'compared' | 'too-complex';

/** Tells the differences of the two bodies, by what they are. `$` ignored leaves out any body. */
export function diffBodies(
  legacy: Answer,
  candidate: Answer,
  rules: CompiledRules,
  findings: Findings,
): Verdict {
  const a = bodyOf(legacy);
  const b = bodyOf(candidate);
  if (sameBytes(a.bytes, b.bytes)) return 'compared';
  return new BodyDiff(a, b, rules, findings).run();
}

class BodyDiff {
  private readonly a: Body;
  private readonly b: Body;
  private readonly rules: CompiledRules;
  private readonly findings: Findings;
  private readonly shapes = new Shape();

  constructor(a: Body, b: Body, rules: CompiledRules, findings: Findings) {
    this.a = a;
    this.b = b;
    this.rules = rules;
    this.findings = findings;
  }

  run(): Verdict {
    const { a, b } = this;
    if (a.bytes.length === 0) return this.tell('extra', 'empty-body', null, describe(b));
    if (b.bytes.length === 0) return this.tell('missing', 'empty-body', describe(a), null);
    if (a.kind === 'binary' && b.kind === 'binary') return this.tell('value', null, describe(a), describe(b));
    if (a.kind === 'binary' || b.kind === 'binary')
      return this.tell('type', 'media-type', describe(a), describe(b));
    const first = decodeText(a.bytes, a.mediaType);
    const second = decodeText(b.bytes, b.mediaType);
    this.tellEncoding(first, second);
    const verdict = this.asJson(first, second);
    if (verdict !== null) return verdict;
    if (this.rules.root.ignore) return this.tell('value', null, describe(a), describe(b));
    if (a.kind !== b.kind) return this.tell('type', 'media-type', describe(a), describe(b));
    if (a.kind === 'html') return this.asHtml(first.text, second.text);
    const [left, right] = [first.text, second.text].map((text) =>
      a.kind === 'form' ? text.replaceAll('&', '\n') : text,
    );
    diffText(left as string, right as string, this.findings);
    return 'compared';
  }

  /** The same text in other bytes, or a mark on one side only. */
  private tellEncoding(first: DecodedText, second: DecodedText): void {
    if (first.hasMark !== second.hasMark)
      this.tell('value', 'byte-order-mark', markOf(first), markOf(second));
    else if (first.charset !== second.charset && (hasWideByte(this.a.bytes) || hasWideByte(this.b.bytes)))
      this.tell('value', 'encoding', first.charset, second.charset);
  }

  /** Null where not both are JSON. Text that holds a list or an object counts as JSON when both sides do. */
  private asJson(first: DecodedText, second: DecodedText): Verdict | null {
    const declared = [this.a.kind, this.b.kind].map((kind) => kind === 'json' || kind === 'json-lines');
    if (!declared[0] && !declared[1] && !(looksLikeJson(first.text) && looksLikeJson(second.text)))
      return null;
    const left = this.parse(first.text, this.a.kind);
    const right = this.parse(second.text, this.b.kind);
    if (left.ok && right.ok) {
      if (!sameJson(left.value, right.value)) diffJson(left.value, right.value, this.rules, this.findings);
      return 'compared';
    }
    if (!declared[0] || !declared[1]) return null;
    const [ofA, ofB] = [reasonOf(left), reasonOf(right)];
    if (ofA === 'too-complex' && ofB === 'too-complex') return 'too-complex';
    // Both broken: they are texts. One broken or beyond the limits: clients of the other kind fail.
    if (ofA === 'not-json' && ofB === 'not-json') {
      diffText(first.text, second.text, this.findings);
      return 'compared';
    }
    return this.tell('type', ofB ?? ofA, describe(this.a), describe(this.b), '$');
  }

  private parse(text: string, kind: BodyKind): JsonReading {
    const { limits } = this.findings;
    if (kind !== 'json-lines') return parseJson(text, limits, this.shapes);
    const all: JsonValue[] = [];
    for (const line of text.split('\n', limits.nodes + 1)) {
      if (line.trim() === '') continue;
      const reading = parseJson(line, limits, this.shapes);
      if (!reading.ok) return reading;
      if (all.push(reading.value) > limits.nodes) return { ok: false, reason: 'too-complex' };
    }
    return { ok: true, value: new JsonList(all) };
  }

  private asHtml(first: string, second: string): Verdict {
    const left = readHtml(first, this.findings.limits);
    const right = readHtml(second, this.findings.limits);
    if (left === 'too-complex' && right === 'too-complex') return 'too-complex';
    if (left === 'too-complex' || right === 'too-complex')
      return this.tell('type', 'too-complex', describe(this.a), describe(this.b));
    diffHtml(left, right, this.findings);
    return 'compared';
  }

  private tell(
    kind: DifferenceKind,
    reason: Reason | null,
    legacy: string | null,
    candidate: string | null,
    path = 'body',
  ): Verdict {
    const show = (text: string | null) =>
      text === null ? null : textExcerpt(text, this.findings.limits.excerpt);
    this.findings.add(
      {
        kind,
        reason,
        path: () => path,
        sample: () => ({ at: path, legacy: show(legacy), candidate: show(candidate) }),
      },
      this.rules.root.ignore,
    );
    return 'compared';
  }
}

function bodyOf({ headers, body }: Answer): Body {
  const header = headers['content-type'];
  const mediaType = readMediaType((typeof header === 'string' ? header : header?.[0]) ?? '');
  return { bytes: body, mediaType, kind: mediaType.type === '' ? 'text' : bodyKindOf(mediaType.type) };
}

function reasonOf(reading: JsonReading): 'not-json' | 'too-complex' | null {
  return reading.ok ? null : reading.reason;
}

function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

function hasWideByte(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte > 0x7f);
}

function markOf({ hasMark, charset }: DecodedText): string {
  return hasMark ? `${charset} with a byte order mark` : charset;
}

/** `application/pdf, 1234 bytes, sha-256 …`: what can be said of a body that is not taken apart. */
function describe({ bytes, mediaType }: Body): string {
  const digest = createHash('sha256').update(bytes).digest('hex');
  return `${mediaType.type || 'no media type'}, ${bytes.length} bytes, sha-256 ${digest}`;
}
