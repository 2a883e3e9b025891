import type { Route } from '#plan/model/plan.ts';
import { type Decimal, readDecimal } from './decimal.ts';
import { type PathStep, readRulePath } from './rule-path.ts';

type CompareKeys = Route['compare'];
export type Equivalence = 'string' | 'number' | 'boolean' | 'date';

/** One rule of the plan; `index` is its place in `CompiledRules.rules` and in `Comparison.excused`. */
export type Rule = { readonly index: number; readonly kind: RuleKind; readonly path: string };
type RuleKind = 'ignore' | 'unordered' | 'tolerance' | 'equivalent';

/** What the rules say about the values at one place. Of two rules of a kind the first of the plan counts. */
type RulesHere = {
  readonly ignore: Rule | null;
  readonly unordered: { readonly rule: Rule; readonly key: string | null } | null;
  readonly tolerance: { readonly rule: Rule; readonly limit: Decimal } | null;
  readonly equivalent: { readonly rule: Rule; readonly as: Equivalence } | null;
};

/** A place in a body, as the rules see it: all places where the same rules can still match share one. */
export type Place = RulesHere & {
  member(name: string): Place;
  item(): Place;
};

export type CompiledRules = {
  readonly rules: readonly Rule[];
  /** Header names in lower case. */
  readonly headers: readonly string[];
  /** The place of the whole body: `$`. */
  readonly root: Place;
  readonly hasTolerance: boolean;
};

/**
 * Compiles the plan's `compare` keys into an automaton over member names: one step costs one map lookup, however
 * many rules there are and whatever the names in the body, and no pattern of a plan becomes a regular expression.
 */
export function compileRules(compare: CompareKeys): CompiledRules {
  const rules: Rule[] = [];
  const start = newNode();
  const add = (kind: RuleKind, path: string, attach: (node: Node, rule: Rule) => void) => {
    const rule = { index: rules.length, kind, path };
    rules.push(rule);
    attach(nodeAt(start, readRulePath(path)), rule);
  };
  for (const path of compare.ignore) add('ignore', path, (node, rule) => node.ignore.push(rule));
  for (const { path, key } of compare.unordered)
    add('unordered', path, (node, rule) => node.unordered.push({ rule, key }));
  for (const [path, limit] of Object.entries(compare.tolerance)) {
    const decimal = readDecimal(String(limit)) as Decimal;
    add('tolerance', path, (node, rule) => node.tolerance.push({ rule, limit: decimal }));
  }
  for (const { path, as } of compare.equivalent)
    add('equivalent', path, (node, rule) => node.equivalent.push({ rule, as: as as Equivalence }));
  return {
    rules,
    headers: [...new Set(compare.headers.map((name) => name.toLowerCase()))],
    root: new Places().placeOf([start]),
    hasTolerance: rules.some(({ kind }) => kind === 'tolerance'),
  };
}

type Node = {
  readonly members: Map<string, Node>;
  anyMember: Node | null;
  anyItem: Node | null;
  /** The node after `..`: it stays active at every place below. */
  descend: Node | null;
  readonly ignore: Rule[];
  readonly unordered: { readonly rule: Rule; readonly key: string | null }[];
  readonly tolerance: { readonly rule: Rule; readonly limit: Decimal }[];
  readonly equivalent: { readonly rule: Rule; readonly as: Equivalence }[];
  readonly deep: boolean;
};

function newNode(deep = false): Node {
  return {
    members: new Map(),
    anyMember: null,
    anyItem: null,
    descend: null,
    ignore: [],
    unordered: [],
    tolerance: [],
    equivalent: [],
    deep,
  };
}

function nodeAt(start: Node, steps: readonly PathStep[]): Node {
  let node = start;
  for (const step of steps) {
    if (step.kind === 'member') {
      const next: Node = node.members.get(step.name) ?? newNode();
      node.members.set(step.name, next);
      node = next;
    } else if (step.kind === 'any-member') node = node.anyMember ??= newNode();
    else if (step.kind === 'any-item') node = node.anyItem ??= newNode();
    else node = node.descend ??= newNode(true);
  }
  return node;
}

/** Subset construction, made as far as bodies need it. Names that no rule holds share one step. */
class Places {
  private readonly known = new Map<string, LazyPlace>();
  private readonly ids = new Map<Node, number>();

  placeOf(nodes: readonly Node[]): LazyPlace {
    const active = new Set<Node>();
    for (const node of nodes)
      for (let at: Node | null = node; at && !active.has(at); at = at.descend) active.add(at);
    const key = [...active]
      .map((node) => this.idOf(node))
      .sort((a, b) => a - b)
      .join(' ');
    const known = this.known.get(key);
    if (known) return known;
    // `$..a.*.*.*.*` can reach a number of places that doubles with every `.*`: what is beyond is not remembered.
    const place = new LazyPlace(this, [...active], this.known.size < MAX_PLACES);
    if (place.remembered) this.known.set(key, place);
    return place;
  }

  private idOf(node: Node): number {
    const id = this.ids.get(node) ?? this.ids.size;
    this.ids.set(node, id);
    return id;
  }
}

const MAX_PLACES = 2048;

class LazyPlace implements Place {
  readonly ignore: Place['ignore'];
  readonly unordered: Place['unordered'];
  readonly tolerance: Place['tolerance'];
  readonly equivalent: Place['equivalent'];
  private readonly places: Places;
  private readonly nodes: readonly Node[];
  readonly remembered: boolean;
  /** Null: not walked yet. */
  private readonly members = new Map<string, LazyPlace | null>();
  private otherMember: LazyPlace | null = null;
  private anyItem: LazyPlace | null = null;

  constructor(places: Places, nodes: readonly Node[], remembered: boolean) {
    this.places = places;
    this.nodes = nodes;
    this.remembered = remembered;
    this.ignore = first(nodes.flatMap((node) => node.ignore));
    this.unordered = firstOf(nodes.flatMap((node) => node.unordered));
    this.tolerance = firstOf(nodes.flatMap((node) => node.tolerance));
    this.equivalent = firstOf(nodes.flatMap((node) => node.equivalent));
    for (const node of nodes) for (const name of node.members.keys()) this.members.set(name, null);
  }

  member(name: string): LazyPlace {
    const known = this.members.get(name);
    if (known) return known;
    if (known === undefined) {
      if (this.otherMember) return this.otherMember;
      const other = this.after((node) => [node.anyMember]);
      if (this.remembers(other)) this.otherMember = other;
      return other;
    }
    const place = this.after((node) => [node.members.get(name) ?? null, node.anyMember]);
    if (this.remembers(place)) this.members.set(name, place);
    return place;
  }

  item(): LazyPlace {
    if (this.anyItem) return this.anyItem;
    const place = this.after((node) => [node.anyItem]);
    if (this.remembers(place)) this.anyItem = place;
    return place;
  }

  private remembers(next: LazyPlace): boolean {
    return this.remembered && next.remembered;
  }

  private after(step: (node: Node) => (Node | null)[]): LazyPlace {
    if (this.nodes.length === 0) return this;
    const next = this.nodes.flatMap((node) => [...step(node), node.deep ? node : null]);
    return this.places.placeOf(next.filter((node) => node !== null));
  }
}

function first(rules: readonly Rule[]): Rule | null {
  return firstOf(rules.map((rule) => ({ rule })))?.rule ?? null;
}

function firstOf<T extends { readonly rule: Rule }>(found: readonly T[]): T | null {
  return found.reduce<T | null>(
    (best, next) => (best && best.rule.index < next.rule.index ? best : next),
    null,
  );
}
