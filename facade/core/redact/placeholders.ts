/** Anything shorter is a word that may stand anywhere for another reason. */
const SHORTEST_ECHO = 8;
const MOST_ECHOES = 200;

/**
 * Stand-ins for the secrets of one sample: `REDACTED-jwt-1-256` is the first secret, a JWT, of 129 to 256 characters.
 * Equal secrets get equal stand-ins, wherever they stand, so that a difference stays readable. No character needs
 * escaping in URLs, headers, JSON or shells.
 */
export class Placeholders {
  readonly #known = new Map<string, number>();
  /** Secrets that are long enough to be told where nothing announces them, in each way they are written, and their stand-ins. */
  readonly #telling = new Map<string, string>();
  #told = 0;
  #learned = 0;

  text(secret: string, kind: string): string {
    const stand = this.#standFor(secret, kind);
    if (secret.length >= SHORTEST_ECHO && !this.#telling.has(secret) && this.#told++ < MOST_ECHOES)
      this.#tell(secret, stand);
    return stand;
  }

  /** A secret that is shown nowhere, and is one wherever it is repeated; however many others there are, the first 200 of these are known. */
  know(secret: string, kind: string): void {
    if (secret.length < SHORTEST_ECHO || this.#telling.has(secret) || this.#learned++ >= MOST_ECHOES) return;
    this.#tell(secret, this.#standFor(secret, kind));
  }

  /** Replaces what was a secret elsewhere, plain or as JSON and URLs write it. */
  echoes(text: string): string {
    let result = text;
    for (const [form, stand] of this.#telling) result = result.replaceAll(form, stand);
    return result;
  }

  /** Whether a name, perhaps cut (`…`), is or holds what was a secret elsewhere. */
  echoesIn(name: string): boolean {
    const begun = name.endsWith('…') ? name.slice(0, -1) : null;
    return [...this.#telling.keys()].some(
      (secret) => name.includes(secret) || (begun !== null && secret.startsWith(begun)),
    );
  }

  /** A number stays a number, so that no difference of type appears: 9, zeros for as many digits, and which one it is. */
  digits(secret: string): string {
    const which = String(this.#number(secret));
    return `9${which.padStart(secret.replace(/\D/g, '').length - 1, '0')}`;
  }

  #standFor(secret: string, kind: string): string {
    const size = secret.length <= 1 ? secret.length : 2 ** Math.ceil(Math.log2(secret.length));
    return `REDACTED-${kind}-${this.#number(secret)}-${size}`;
  }

  #tell(secret: string, stand: string): void {
    for (const form of formsOf(secret)) this.#telling.set(form, stand);
  }

  #number(secret: string): number {
    const known = this.#known.get(secret) ?? this.#known.size + 1;
    this.#known.set(secret, known);
    return known;
  }
}

/** Itself, as JSON and as a component of a URL write it, and what it stands for where it is such a component (`s%3A…` of a cookie). */
function formsOf(secret: string): string[] {
  const spoken = unescaped(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    // A lone surrogate has no such form.
    encodeURIComponent(secret.toWellFormed()),
    ...[spoken, inLatin(spoken)].filter((form) => form.length >= SHORTEST_ECHO),
  ];
}

/** With the escapes read that are none of UTF-8, as in forms of pages in ISO-8859-1. */
function inLatin(escaped: string): string {
  return escaped.replace(/%([89a-f][0-9a-f])/gi, (_, byte: string) =>
    String.fromCharCode(Number.parseInt(byte, 16)),
  );
}

/** A URL, or a part of one, with all its escapes read; broken ones stay. */
export function unescaped(url: string): string {
  return url.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
