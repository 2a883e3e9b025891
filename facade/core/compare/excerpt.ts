import { type Span, spansWithin } from '../redact/span.ts';
import { isNumber, JsonList, JsonObject, type JsonValue, numberText } from './json-value.ts';

const MAX_MEMBERS = 12;
const MAX_DEPTH = 4;

/**
 * A value as JSON text of about `characters` at most: long strings, lists and objects end in `…`, so that the text
 * stays JSON and can be searched for secrets by path. Takes time for what it shows, not for what it leaves out.
 */
export function excerptOf(value: JsonValue, characters: number): string {
  return new Excerpt(characters).text(value, 0);
}

export function textExcerpt(text: string, characters: number): string {
  return JSON.stringify(text.length > characters ? `${text.slice(0, characters)}…` : text);
}

/** Where spans of a text stand in what `textExcerpt` makes of it. */
export function spansInExcerpt(spans: readonly Span[], text: string, characters: number): Span[] {
  const shown = text.slice(0, characters);
  const written = (end: number) => JSON.stringify(shown.slice(0, end)).length - 1;
  return spansWithin(spans, 0, shown.length).map((span) => ({
    ...span,
    from: written(span.from),
    to: written(span.to),
  }));
}

class Excerpt {
  private left: number;

  constructor(characters: number) {
    this.left = characters;
  }

  text(value: JsonValue, depth: number): string {
    if (value instanceof JsonObject) return this.object(value, depth);
    if (value instanceof JsonList) return this.list(value, depth);
    const text =
      typeof value === 'string'
        ? textExcerpt(value, Math.max(this.left, 8))
        : isNumber(value)
          ? shortNumber(numberText(value), Math.max(this.left, 32))
          : String(value);
    this.left -= text.length;
    return text;
  }

  private object({ names, values }: JsonObject, depth: number): string {
    const parts: string[] = [];
    for (const [index, name] of names.entries()) {
      if (this.isFull(index, depth)) {
        parts.push('"…":"…"');
        break;
      }
      const label = textExcerpt(name, 80);
      this.left -= label.length + 2;
      parts.push(`${label}:${this.text(values[index] as JsonValue, depth + 1)}`);
    }
    return `{${parts.join(',')}}`;
  }

  private list({ items }: JsonList, depth: number): string {
    const parts: string[] = [];
    for (const [index, item] of items.entries()) {
      if (this.isFull(index, depth)) {
        parts.push('"…"');
        break;
      }
      this.left -= 1;
      parts.push(this.text(item, depth + 1));
    }
    return `[${parts.join(',')}]`;
  }

  private isFull(index: number, depth: number): boolean {
    return index >= MAX_MEMBERS || depth >= MAX_DEPTH || this.left <= 0;
  }
}

function shortNumber(text: string, characters: number): string {
  return text.length > characters ? textExcerpt(text, characters) : text;
}
