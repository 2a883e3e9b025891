import { Tokenizer } from 'htmlparser2';
import { MarkupNames } from './markup-names.ts';
import type { NamedSecret } from './secret-names.ts';
import type { Span } from './span.ts';

/** Texts and attributes of HTML or XML that are secrets by what names them; also of a part of it, and of what only looks like it. */
export function markup(text: string): Span[] {
  if (!/<[a-z]/i.test(text)) return [];
  const reader = new MarkupReader(text);
  const tokenizer = new Tokenizer({ xmlMode: true, decodeEntities: false }, reader);
  tokenizer.write(text);
  tokenizer.end();
  return reader.spans;
}

type Stretch = { readonly from: number; readonly to: number };

class MarkupReader {
  readonly spans: Span[] = [];
  readonly #text: string;
  readonly #names = new MarkupNames();
  /** `<password>` in a manual is never closed, and what follows on it is the manual. */
  readonly #closed: ReadonlySet<string>;
  #tag = '';
  #attributes: Record<string, string> = {};
  #values: { readonly name: string; readonly value: Stretch }[] = [];
  #attribute = '';
  #value: Stretch | null = null;

  constructor(text: string) {
    this.#text = text;
    this.#closed = new Set(Array.from(text.matchAll(/<\/([a-z][\w:.-]{0,63})/gi), ([, tag]) => plain(tag!)));
  }

  onopentagname(from: number, to: number): void {
    this.#tag = plain(this.#text.slice(from, to));
    this.#attributes = {};
    this.#values = [];
  }

  onattribname(from: number, to: number): void {
    this.#attribute = this.#text.slice(from, to).toLowerCase();
    this.#value = null;
  }

  onattribdata(from: number, to: number): void {
    this.#value = { from: this.#value?.from ?? from, to };
  }

  onattribend(): void {
    if (!this.#value) return;
    const { from, to } = this.#value;
    this.#attributes[this.#attribute] ??= this.#text.slice(from, Math.min(to, from + LONGEST));
    this.#values.push({ name: this.#attribute, value: this.#value });
  }

  onopentagend(): void {
    this.#names.opened(this.#tag, this.#attributes);
    for (const { name, value } of this.#values) this.#tell(value, this.#names.attribute(name));
  }

  onselfclosingtag(): void {
    this.onopentagend();
    this.#names.closed(this.#tag);
  }

  onclosetag(from: number, to: number): void {
    this.#names.closed(plain(this.#text.slice(from, to)));
  }

  ontext(from: number, to: number): void {
    const { here } = this.#names;
    const isLeftOpen = here !== null && !this.#closed.has(here);
    const whole = this.#text.slice(from, to);
    const text = isLeftOpen ? /^.*/.exec(whole)![0] : whole;
    const start = from + (text.length - text.trimStart().length);
    const end = from + text.trimEnd().length;
    const kind = this.#names.text(text);
    if (end > start) this.#tell({ from: start, to: end }, kind);
    if (isLeftOpen) this.#names.closed(here);
  }

  oncdata(from: number, to: number, endOffset: number): void {
    this.ontext(from, to - endOffset);
  }

  onattribentity(): void {}
  oncomment(): void {}
  ondeclaration(): void {}
  onend(): void {}
  onprocessinginstruction(): void {}
  ontextentity(): void {}

  #tell({ from, to }: Stretch, kind: NamedSecret | null): void {
    if (kind) this.spans.push({ from, to, kind });
  }
}

const LONGEST = 200;

function plain(tag: string): string {
  return tag.toLowerCase().replace(/^.*:/, '');
}
