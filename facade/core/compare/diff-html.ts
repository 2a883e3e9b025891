import { Parser } from 'htmlparser2';
import { MarkupNames } from '../redact/markup-names.ts';
import type { NamedSecret } from '../redact/secret-names.ts';
import { diffSequence, type Piece } from './diff-sequence.ts';
import type { Findings } from './findings.ts';
import type { CompareLimits } from './limits.ts';

/**
 * Tells the differences of two pages on paths like `html:/html/body/h1` (text) and `html:/html/body/a/@href`. What a
 * browser does not show is not compared: white space between tags, runs of it in text (kept in `pre` and
 * `textarea`), the order of attributes and classes, the form of entities, comments, a `tbody` without attributes.
 * `too-complex`: nested deeper or with more pieces than the limits allow.
 */
export function readHtml(
  page: string,
  limits: Pick<CompareLimits, 'depth' | 'nodes'>,
): Piece[] | 'too-complex' {
  const reader = new PageReader(limits);
  try {
    reader.read(page);
    return reader.pieces;
  } catch (failure) {
    if (failure === TOO_COMPLEX) return 'too-complex';
    throw failure;
  }
}

export function diffHtml(legacy: readonly Piece[], candidate: readonly Piece[], findings: Findings): void {
  diffSequence(legacy, candidate, 'html:/', findings);
}

// The parser searches its stack of open elements for each closing tag: the limit of depth bounds that too.
const TOO_COMPLEX = new Error('too complex');
const MAX_PATH_CHARACTERS = 1 << 20;
const VERBATIM = new Set(['pre', 'textarea']);

type Place = { readonly path: string; readonly below: Map<string, Place> };
type Open = {
  readonly name: string;
  readonly place: Place;
  readonly verbatim: boolean;
  /** `[name=rate]`; '' without one. */
  readonly label: string;
};

class PageReader {
  readonly pieces: Piece[] = [];
  private readonly limits: Pick<CompareLimits, 'depth' | 'nodes'>;
  private readonly open: Open[] = [];
  private readonly top: Place = { path: 'html:', below: new Map() };
  private pathCharacters = 0;
  private text = '';
  private readonly names = new MarkupNames();

  constructor(limits: Pick<CompareLimits, 'depth' | 'nodes'>) {
    this.limits = limits;
  }

  read(page: string): void {
    const parser = new Parser(
      {
        onopentag: (name, attributes) => this.opened(name, attributes),
        onclosetag: (name) => this.closed(name),
        ontext: (text) => {
          this.text += text;
        },
        onprocessinginstruction: (_, data) =>
          this.add(this.below(this.top, '!'), data.toLowerCase().replace(/\s+/g, ' ')),
      },
      { decodeEntities: true },
    );
    parser.write(page);
    parser.end();
    this.endText();
  }

  private opened(name: string, attributes: Readonly<Record<string, string>>): void {
    this.endText();
    this.names.opened(name, attributes);
    const parent = this.open.at(-1);
    const above = parent?.place ?? this.top;
    const isBare = name === 'tbody' && Object.keys(attributes).length === 0;
    if (this.open.length >= this.limits.depth) throw TOO_COMPLEX;
    const place = isBare ? above : this.below(above, name);
    const label = labelOf(attributes);
    this.open.push({ name, place, verbatim: VERBATIM.has(name) || parent?.verbatim === true, label });
    if (isBare) return;
    this.add(place, `<${name}>`);
    for (const attribute of Object.keys(attributes).sort()) {
      const value = attributes[attribute] as string;
      this.add(
        this.below(place, `@${attribute}`),
        attribute === 'class' ? sortedWords(value) : value,
        `${place.path}${label}/@${attribute.slice(0, 80)}`,
        this.names.attribute(attribute),
      );
    }
  }

  /** Equal paths are one string: in a deep page they would take many times the page itself. */
  private below(above: Place, name: string): Place {
    const known = above.below.get(name);
    if (known) return known;
    const place: Place = { path: `${above.path}/${name.slice(0, 80)}`, below: new Map() };
    this.pathCharacters += place.path.length;
    if (this.pathCharacters > MAX_PATH_CHARACTERS) throw TOO_COMPLEX;
    above.below.set(name, place);
    return place;
  }

  private closed(name: string): void {
    this.endText();
    this.names.closed(name);
    if (this.open.at(-1)?.name === name) this.open.pop();
  }

  /** Text comes in parts, one for each entity. */
  private endText(): void {
    const here = this.open.at(-1);
    const text = here?.verbatim ? this.text : this.text.replace(/[ \t\r\n\f]+/g, ' ').trim();
    this.text = '';
    if (text === '') return;
    this.add(here?.place ?? this.top, text, here && here.place.path + here.label, this.names.text(text));
  }

  private add({ path }: Place, text: string, at = path, secret: NamedSecret | null = null): void {
    if (this.pieces.length >= this.limits.nodes) throw TOO_COMPLEX;
    this.pieces.push(secret ? { path, at, text, secret } : { path, at, text });
  }
}

/** What tells an element from its like, and what its value is about. */
function labelOf({ type, name, property, itemprop, id }: Readonly<Record<string, string>>): string {
  const label = type?.toLowerCase() === 'password' ? 'password' : (name ?? property ?? itemprop ?? id ?? '');
  return label === '' ? '' : `[name=${label.slice(0, 64).replaceAll(']', '')}]`;
}

function sortedWords(text: string): string {
  return text.split(/\s+/).filter(Boolean).sort().join(' ');
}
