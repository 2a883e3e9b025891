import type { Match } from '#plan/model/plan.ts';
import { isSecretSegment } from '../redact/redact-url.ts';
import { identifierKind } from './identifier.ts';

export type EndpointTemplates = {
  /**
   * The endpoint of a normalised path (no query): `/api/articles/123` → `/api/articles/:id`. Takes templates too, and
   * gives what they are folded into by now: figures kept by template are moved by asking for each once more.
   */
  templateOf(path: string): string;
  /** How often templates were folded into one: when it has grown, an earlier template may have another by now. */
  readonly folds: number;
};

export type TemplateOptions = {
  /** Patterns that are known: matches of the plan, paths of an OpenAPI document as patterns. They are never folded. */
  readonly known: readonly Pick<Match, 'pattern'>[];
  /** False (default): `/Api` is `/api`, as the plan matches by default. */
  readonly caseSensitive?: boolean;
};

/** Segments with a digit, capital, escape, `-`, `_`, `.` in one place beyond which they are values of a parameter. */
const MAX_SLUGS = 20;
/** The same for plain words, which often name things: `/api/articles`, `/api/authors`. */
const MAX_WORDS = 200;
const MAX_DEPTH = 20;
const MAX_SEGMENT = 80;
/** Places remembered; beyond them every new segment is a `:slug`. */
const MAX_NODES = 20_000;

const PLAIN_WORD = /^[a-z]+$/;

type Node = {
  readonly literals: Map<string, Node>;
  /** By name: `:id`, `:date`, `:slug`, or as the known patterns say. */
  readonly parameters: Map<string, Node>;
  /** Name of the parameter that a known pattern has here. */
  known: string | null;
  /** Stands in a known pattern: it is never folded. */
  readonly fixed: boolean;
  slugs: number;
  words: number;
  slugsFolded: boolean;
  wordsFolded: boolean;
};

/**
 * Learns endpoints from the paths it is asked for. Segments that look like ids are `:id`, dates `:date`, secrets `:secret`; a place
 * with more than 20 distinct slugs, or 200 distinct words, has a `:slug`. Which template a path has in the end depends
 * on which paths were seen, not on their order, until the places that are remembered are used up.
 */
export function learnTemplates({ known, caseSensitive = false }: TemplateOptions): EndpointTemplates {
  const learner = new Learner(caseSensitive);
  for (const { pattern } of known) learner.addKnown(segmentsOf(pattern));
  return {
    templateOf: (path) => learner.templateOf(segmentsOf(path)),
    get folds() {
      return learner.folds;
    },
  };
}

/** `/articles/{slug}` of an OpenAPI document as a pattern of the plan: `/articles/:slug`. */
export function patternOfOpenApi(path: string): string {
  return path.replace(/\{([^{}/]*)\}/g, (_, name: string) => `:${name.replace(/\W/g, '_')}`);
}

function segmentsOf(path: string): string[] {
  return path
    .replace(/^\//, '')
    .replace(/\/$/, '')
    .split('/', MAX_DEPTH + 1);
}

type Step = { readonly name: string; readonly node: Node };

class Learner {
  private readonly root = newNode(true);
  private readonly caseSensitive: boolean;
  private nodes = 0;
  folds = 0;

  constructor(caseSensitive: boolean) {
    this.caseSensitive = caseSensitive;
  }

  addKnown(segments: readonly string[]): void {
    let node = this.root;
    for (const segment of segments) {
      if (segment.startsWith('*')) return;
      if (segment.startsWith(':')) {
        node.known ??= segment;
        node = child(node.parameters, node.known, true);
      } else node = child(node.literals, this.literal(segment), true);
    }
  }

  templateOf(segments: readonly string[]): string {
    let node = this.root;
    let template = '';
    for (const [depth, segment] of segments.entries()) {
      if (depth >= MAX_DEPTH) return `${template}/*rest`;
      const step = this.step(node, segment, segments[depth - 1] ?? '');
      template += `/${step.name}`;
      node = step.node;
    }
    return template;
  }

  private literal(segment: string): string {
    return this.caseSensitive ? segment : segment.toLowerCase();
  }

  private step(node: Node, segment: string, before: string): Step {
    const word = this.literal(segment);
    const literal = node.literals.get(word);
    if (literal) return { name: word, node: literal };
    if (node.known !== null) return parameter(node, node.known);
    // A client may send `/:x`: only names that are known already are names.
    if (node.parameters.has(segment)) return parameter(node, segment);
    const kind = identifierKind(segment);
    if (kind) return parameter(node, `:${kind}`);
    if (isSecretSegment(before, segment)) return parameter(node, ':secret');
    const folded = PLAIN_WORD.test(word) ? node.wordsFolded : node.slugsFolded;
    if (folded || word.length > MAX_SEGMENT || this.nodes >= MAX_NODES) return parameter(node, ':slug');
    return this.learn(node, word);
  }

  private learn(node: Node, word: string): Step {
    this.nodes++;
    count(node, word);
    const added = child(node.literals, word, false);
    this.fold(node);
    return node.literals.has(word) ? { name: word, node: added } : parameter(node, ':slug');
  }

  /** Slugs when there are too many, and words with them when there are more than a few of these. */
  private fold(node: Node): void {
    if (node.slugs > MAX_SLUGS || node.words > MAX_WORDS) node.slugsFolded = true;
    if (node.slugsFolded && node.words > MAX_SLUGS) node.wordsFolded = true;
    if (!node.slugsFolded) return;
    const slug = parameter(node, ':slug').node;
    for (const [segment, below] of node.literals) {
      if (below.fixed || (PLAIN_WORD.test(segment) && !node.wordsFolded)) continue;
      node.literals.delete(segment);
      this.folds++;
      this.merge(slug, below);
    }
  }

  private merge(into: Node, from: Node): void {
    this.nodes--;
    for (const [segment, below] of from.literals) {
      const known = into.literals.get(segment);
      if (known) this.merge(known, below);
      else {
        into.literals.set(segment, below);
        count(into, segment);
      }
    }
    for (const [name, below] of from.parameters) {
      const known = into.parameters.get(name);
      if (known) this.merge(known, below);
      else into.parameters.set(name, below);
    }
    into.slugsFolded ||= from.slugsFolded;
    into.wordsFolded ||= from.wordsFolded;
    this.fold(into);
  }
}

function count(node: Node, segment: string): void {
  if (PLAIN_WORD.test(segment)) node.words++;
  else node.slugs++;
}

function newNode(fixed: boolean): Node {
  return {
    literals: new Map(),
    parameters: new Map(),
    known: null,
    fixed,
    slugs: 0,
    words: 0,
    slugsFolded: false,
    wordsFolded: false,
  };
}

function child(children: Map<string, Node>, name: string, fixed: boolean): Node {
  const known = children.get(name);
  if (known) return known;
  const node = newNode(fixed);
  children.set(name, node);
  return node;
}

function parameter(node: Node, name: string): Step {
  return { name, node: child(node.parameters, name, false) };
}
