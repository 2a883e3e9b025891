/** Objects with more members keep names of their own. */
const MAX_SHARED = 100;
const MAX_SHAPES = 5000;

/**
 * A sequence of member names. Bodies repeat few of them a thousand times: objects share the list of names, and the
 * reader guesses the next name instead of making it anew.
 */
export class Shape {
  readonly name: string;
  /** What followed here the last time; only names that stand in JSON without escapes. */
  likely: Shape | null = null;
  private readonly before: Shape | null;
  private readonly length: number;
  private readonly known: { count: number };
  private next: Map<string, Shape> | null = null;
  private all: readonly string[] | null = null;

  constructor(name = '', before: Shape | null = null, known = { count: 0 }) {
    this.name = name;
    this.before = before;
    this.length = before === null ? 0 : before.length + 1;
    this.known = known;
  }

  /** Null where there are too many: the object keeps its own names from here on. */
  after(name: string, isPlain: boolean): Shape | null {
    let shape = this.next?.get(name) ?? null;
    if (shape === null) {
      if (this.length >= MAX_SHARED || this.known.count >= MAX_SHAPES) return null;
      this.known.count++;
      shape = new Shape(name, this, this.known);
      this.next ??= new Map();
      this.next.set(name, shape);
    }
    if (isPlain) this.likely = shape;
    return shape;
  }

  names(): readonly string[] {
    if (this.all === null) {
      const names: string[] = [];
      for (let at: Shape = this; at.before !== null; at = at.before) names.push(at.name);
      this.all = names.reverse();
    }
    return this.all;
  }
}
