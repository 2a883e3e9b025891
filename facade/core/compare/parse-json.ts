import { JsonList, JsonNumber, JsonObject, type JsonValue } from './json-value.ts';
import type { CompareLimits } from './limits.ts';
import { Shape } from './shapes.ts';

export type JsonReading =
  | { readonly ok: true; readonly value: JsonValue }
  /** `too-complex`: nested deeper or with more values than the limits allow. */
  | { readonly ok: false; readonly reason: 'not-json' | 'too-complex' };

/**
 * Reads JSON (RFC 8259) without losing digits, order or members that stand twice. `JSON.parse` gives the source text
 * of numbers to a reviver, but drops repeated members, runs out of stack on deep nesting and is three times slower
 * that way. Readings that are given the same `shapes` share their lists of names.
 */
export function parseJson(
  text: string,
  limits: Pick<CompareLimits, 'depth' | 'nodes'>,
  shapes: Shape = new Shape(),
): JsonReading {
  const reader = new Reader(text, limits, shapes);
  try {
    return { ok: true, value: reader.document() };
  } catch (failure) {
    if (failure === NOT_JSON) return { ok: false, reason: 'not-json' };
    if (failure === TOO_COMPLEX) return { ok: false, reason: 'too-complex' };
    throw failure;
  }
}

// Thrown inside this file only; shared, because a stack trace for each broken body costs more than reading it.
const NOT_JSON = new Error('not JSON');
const TOO_COMPLEX = new Error('too complex');

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

class Reader {
  private readonly text: string;
  private readonly maxDepth: number;
  private readonly shapes: Shape;
  /** Values of the lists and objects that are open, so that each list is made in its size. */
  private readonly open: JsonValue[] = [];
  private top = 0;
  private nodesLeft: number;
  private at = 0;

  constructor(text: string, limits: Pick<CompareLimits, 'depth' | 'nodes'>, shapes: Shape) {
    this.text = text;
    this.shapes = shapes;
    this.maxDepth = limits.depth;
    this.nodesLeft = limits.nodes;
  }

  document(): JsonValue {
    const value = this.value(0);
    if (!Number.isNaN(this.next())) throw NOT_JSON;
    return value;
  }

  /** The next character that is no white space; NaN at the end. */
  private next(): number {
    const { text } = this;
    let code = text.charCodeAt(this.at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09)
      code = text.charCodeAt(++this.at);
    return code;
  }

  private value(depth: number): JsonValue {
    if (--this.nodesLeft < 0) throw TOO_COMPLEX;
    const code = this.next();
    switch (code) {
      case QUOTE:
        return this.string();
      case OPEN_OBJECT:
        return this.object(depth);
      case OPEN_LIST:
        return this.list(depth);
      case 0x74:
        return this.word('true', true);
      case 0x66:
        return this.word('false', false);
      case 0x6e:
        return this.word('null', null);
      default:
        return this.number(code);
    }
  }

  private object(depth: number): JsonObject {
    if (depth >= this.maxDepth) throw TOO_COMPLEX;
    const start = this.top;
    let shape: Shape | null = this.shapes;
    let names: string[] | null = null;
    this.at++;
    let code = this.next();
    if (code === CLOSE_OBJECT) {
      this.at++;
      return new JsonObject([], []);
    }
    for (;;) {
      if (code !== QUOTE) throw NOT_JSON;
      if (--this.nodesLeft < 0) throw TOO_COMPLEX;
      const next: Shape | null = shape && this.shapeAfter(shape);
      if (next === null) {
        names ??= [...((shape as Shape | null)?.names() ?? [])];
        names.push(shape === null ? this.string() : this.unshared);
      }
      shape = next;
      if (this.next() !== COLON) throw NOT_JSON;
      this.at++;
      this.push(this.value(depth + 1));
      code = this.next();
      this.at++;
      if (code === CLOSE_OBJECT)
        return new JsonObject(names ?? (shape as Shape).names(), this.popFrom(start));
      if (code !== COMMA) throw NOT_JSON;
      code = this.next();
    }
  }

  /** The name that `shapeAfter` read and that is not shared. */
  private unshared = '';

  /** Reads a name; null when its shape is not shared. */
  private shapeAfter(shape: Shape): Shape | null {
    const { likely } = shape;
    const start = this.at + 1;
    if (likely !== null) {
      const end = start + likely.name.length;
      if (this.text.charCodeAt(end) === QUOTE && this.text.startsWith(likely.name, start)) {
        this.at = end + 1;
        return likely;
      }
    }
    const name = this.string();
    this.unshared = name;
    return shape.after(name, this.at - start - 1 === name.length);
  }

  private list(depth: number): JsonList {
    if (depth >= this.maxDepth) throw TOO_COMPLEX;
    const start = this.top;
    this.at++;
    if (this.next() === CLOSE_LIST) {
      this.at++;
      return new JsonList([]);
    }
    for (;;) {
      this.push(this.value(depth + 1));
      const code = this.next();
      this.at++;
      if (code === CLOSE_LIST) return new JsonList(this.popFrom(start));
      if (code !== COMMA) throw NOT_JSON;
    }
  }

  private push(value: JsonValue): void {
    if (this.top < this.open.length) this.open[this.top++] = value;
    else this.top = this.open.push(value);
  }

  private popFrom(start: number): JsonValue[] {
    const values = this.open.slice(start, this.top);
    this.top = start;
    return values;
  }

  private string(): string {
    const { text } = this;
    const start = ++this.at;
    for (let at = start; ; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.at = at + 1;
        return text.slice(start, at);
      }
      if (code === BACKSLASH) return this.escapedString(start, at);
      // Control characters must be escaped; NaN is the end of the text.
      if (!(code >= 0x20)) throw NOT_JSON;
    }
  }

  private escapedString(start: number, from: number): string {
    const { text } = this;
    let at = from;
    for (let code = text.charCodeAt(at); code !== QUOTE; code = text.charCodeAt(at)) {
      if (!(code >= 0x20)) throw NOT_JSON;
      at += code === BACKSLASH ? 2 : 1;
    }
    this.at = at + 1;
    try {
      return JSON.parse(text.slice(start - 1, at + 1)) as string;
    } catch {
      throw NOT_JSON;
    }
  }

  private number(first: number): number | JsonNumber {
    const { text } = this;
    const start = this.at;
    let code = first;
    if (code === 0x2d) code = text.charCodeAt(++this.at);
    const digits = this.at;
    if (code === 0x30) code = text.charCodeAt(++this.at);
    else code = this.digits(code);
    if (code !== 0x2e && code !== 0x65 && code !== 0x45 && this.at - digits <= 15)
      return this.whole(start, digits);
    if (code === 0x2e) code = this.digits(text.charCodeAt(++this.at));
    if (code === 0x65 || code === 0x45) {
      code = text.charCodeAt(++this.at);
      if (code === 0x2b || code === 0x2d) code = text.charCodeAt(++this.at);
      this.digits(code);
    }
    return new JsonNumber(text.slice(start, this.at));
  }

  private whole(start: number, digits: number): number {
    let value = 0;
    for (let at = digits; at < this.at; at++) value = value * 10 + (this.text.charCodeAt(at) - 0x30);
    return start === digits || value === 0 ? value : -value;
  }

  /** One digit or more; the character after them. */
  private digits(first: number): number {
    if (!(first >= 0x30 && first <= 0x39)) throw NOT_JSON;
    let code = first;
    while (code >= 0x30 && code <= 0x39) code = this.text.charCodeAt(++this.at);
    return code;
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw NOT_JSON;
    this.at += word.length;
    return value;
  }
}
