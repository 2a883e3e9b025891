import type { Plan } from '#plan/model/plan.ts';
import { type CompiledRules, compileRules, type Difference, type Sample } from '../compare/index.ts';
import { base64Lines } from './base64-lines.ts';
import { namedSecrets } from './named-secrets.ts';
import { Placeholders, unescaped } from './placeholders.ts';
import { knowCredential, redactHeader } from './redact-header.ts';
import { type JsonRedaction, redactJson } from './redact-json.ts';
import { redactForm, redactText, redactUrl } from './redact-url.ts';
import { type NamedSecret, secretByName } from './secret-names.ts';
import { type Span, spansWithin } from './span.ts';

/** The plan's `redact` keys, read once. */
export type RedactionRules = {
  readonly headers: ReadonlySet<string>;
  readonly root: CompiledRules['root'];
};

export function compileRedaction({ headers, json }: Plan['redact']): RedactionRules {
  const rules = compileRules({ ignore: json, unordered: [], tolerance: {}, equivalent: [], headers: [] });
  return { headers: new Set(headers.map((name) => name.toLowerCase())), root: rules.root };
}

/** More characters than this are cut before they are read. */
const LONGEST = 1 << 20;

/**
 * Takes the secrets out of one sample: of both sides' answers and of the request they belong to, so that equal secrets
 * look equal. What the plan names, what a name says is a secret, and what is one by its form is replaced by a
 * placeholder that tells kind and length; everything else stays as it is. Credentials and cookies are always replaced,
 * whatever the plan says.
 */
export class Redactor {
  readonly #rules: RedactionRules;
  readonly #placeholders = new Placeholders();

  constructor(rules: RedactionRules) {
    this.#rules = rules;
  }

  /** Of a URL or request target; `template`, e.g. `/reset/:token`, names its segments. */
  url(url: string, template?: string): string {
    return redactUrl(bounded(url), this.#placeholders, template);
  }

  header(name: string, value: string): string {
    return redactHeader(
      name,
      bounded(value),
      this.#rules.headers.has(name.toLowerCase()),
      this.#placeholders,
    );
  }

  /** `contentType` as the header has it; a body that is not what it says is read as text. */
  body(body: string, contentType: string): string {
    const type = mediaType(contentType);
    if (/[/+](?:json|x-ndjson|json-seq)$/.test(type)) return this.json(body);
    if (type === 'application/x-www-form-urlencoded') return redactForm(bounded(body), this.#placeholders);
    return /^\s*[[{]/.test(body) ? this.json(body) : this.text(body);
  }

  /** Reads a body that is not shown, for what names say is a secret in it; up to 1,048,576 characters of it. */
  learn(body: string, contentType: string): void {
    const secrets = namedSecrets(bounded(body), mediaType(contentType), this.#rules.root);
    for (const { secret, kind } of secrets) this.#placeholders.know(secret, kind);
  }

  /** Makes known what a header of an upstream's credentials holds, which the client's request does not show. */
  credential(name: string, value: string): void {
    knowCredential(name, bounded(value), this.#placeholders);
  }

  /**
   * JSON text; `at` is where it stands in an answer, when it is a part of one: `$.users[3].password`,
   * `header:location`; `told` is what a member beside it says that it is.
   */
  json(json: string, at = '$', told: NamedSecret | null = null): string {
    const text = bounded(json);
    const header = /^header:(.+)$/.exec(at)?.[1];
    if (header !== undefined) return this.#headerAsJson(header, text);
    return /^\s*(?:["{[\d-]|true|false|null)/.test(text)
      ? redactJson(text, this.#at(at, told))
      : this.text(text);
  }

  /** `told` are secrets in it that somebody knows who has seen more of the text. */
  text(text: string, told: readonly Span[] = []): string {
    const whole = bounded(text);
    const spans = spansWithin(told, 0, whole.length);
    return redactText(whole, this.#placeholders, spans, base64Lines(whole));
  }

  /** What may be shown of a difference: where it stood and both values, without a secret that they hold or repeat. */
  sample({ path, sample }: Pick<Difference, 'path' | 'sample'>): Pick<Sample, 'at' | 'legacy' | 'candidate'> {
    const { at, secret, spans } = sample;
    const own = (json: string, told: readonly Span[] = []) => {
      if (path.startsWith('header:')) return this.json(json, `header:${path.split(':')[1]}`);
      if (path.startsWith('$')) return this.json(json, at, secret);
      return secret === undefined ? this.text(json, told) : this.json(json, '$', secret);
    };
    const shown = (json: string | null, told?: readonly Span[]) =>
      json === null ? null : this.withoutEchoes(own(json, told));
    return {
      at: this.withoutEchoes(this.text(at)),
      legacy: shown(sample.legacy, spans?.legacy),
      candidate: shown(sample.candidate, spans?.candidate),
    };
  }

  /**
   * Takes out what was a secret in anything that this redactor has read before, where nothing says that it is one:
   * `{"hello":"hunter2-hunter2"}` in answer to a form with that password. Secrets of 8 characters or more, 200 of them.
   */
  withoutEchoes(text: string): string {
    return this.#placeholders.echoes(text);
  }

  /** The same in a URL or request target, where it may be written with other escapes than it needs: `%73ecret`. */
  urlWithoutEchoes(url: string): string {
    const shown = this.withoutEchoes(url);
    const spoken = unescaped(shown);
    return spoken !== shown && this.#placeholders.echoesIn(spoken)
      ? encodeURI(this.withoutEchoes(spoken).toWellFormed())
      : shown;
  }

  /** The same in a path of a body, where it is the name of a member: `$.users.*.rights`. */
  pathWithoutEchoes(path: string): string {
    if (!path.startsWith('$')) return path;
    return path.replace(NAME_IN_PATH, (segment, quoted?: string, plain?: string) =>
      this.#placeholders.echoesIn(quoted === undefined ? plain! : (JSON.parse(quoted) as string))
        ? '.*'
        : segment,
    );
  }

  #headerAsJson(name: string, json: string): string {
    try {
      const value: unknown = JSON.parse(json);
      if (typeof value === 'string') return JSON.stringify(this.header(name, value));
    } catch {
      // Cut: read as text.
    }
    return this.text(json);
  }

  #at(path: string, told: NamedSecret | null): JsonRedaction {
    let { root: place } = this.#rules;
    let kind: string | null = place.ignore && 'json';
    for (const [, quoted, plain] of path.matchAll(NAME_OR_INDEX)) {
      const name = quoted === undefined ? plain : (JSON.parse(quoted) as string);
      place = name === undefined ? place.item() : place.member(name);
      kind ??= (name === undefined ? null : secretByName(name)) ?? (place.ignore && 'json');
    }
    return {
      place,
      kind: kind ?? told,
      placeholders: this.#placeholders,
      text: (text) => redactText(bounded(text), this.#placeholders),
    };
  }
}

const NAME_IN_PATH = /\[("(?:[^"\\]|\\.)*")\]|\.([^.[\]]+)/g;
const NAME_OR_INDEX = new RegExp(`${NAME_IN_PATH.source}|\\[(?:\\d+|\\*)\\]`, 'g');
const mediaType = (contentType: string) => contentType.split(';')[0]!.trim().toLowerCase();
const bounded = (text: string) => cutWhole(text, LONGEST);

/** Cut at a space or quote, so that no part of a secret stays behind that nobody can tell. */
export function cutWhole(text: string, longest: number): string {
  if (text.length <= longest) return text;
  let end = longest;
  while (end > 0 && end > longest - 4_096 && !/[\s"'&,;]/.test(text[end - 1]!)) end--;
  return `${text.slice(0, end)}…`;
}
