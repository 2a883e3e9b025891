import { Work } from './align.ts';
import { readDecimal, withinTolerance } from './decimal.ts';
import type { DifferenceKind, Reason } from './difference.ts';
import { equivalent } from './equivalence.ts';
import { excerptOf } from './excerpt.ts';
import type { Findings } from './findings.ts';
import { exactPath, foldedOut, foldedPath } from './json-path.ts';
import {
  isContainer,
  isNumber,
  JsonList,
  JsonNumber,
  JsonObject,
  type JsonValue,
  numberText,
} from './json-value.ts';
import { memberHash } from './likeness.ts';
import { numberReason } from './number-reason.ts';
import { pairLists } from './pair-lists.ts';
import { pairMembers } from './pair-members.ts';
import type { CompiledRules, Place, Rule } from './rules.ts';
import { sameJson, sameNumber } from './same-json.ts';
import { textReason, truncation } from './text-reason.ts';
import { toldSecret } from './told-secret.ts';

/** Tells the differences of two JSON bodies under the rules into the findings. Each value is visited once. */
export function diffJson(
  legacy: JsonValue,
  candidate: JsonValue,
  rules: CompiledRules,
  findings: Findings,
): void {
  new JsonDiff(rules, findings).values(legacy, candidate, rules.root);
}

/** A member that the other side lacks, or holds less often. */
type Alone = { readonly kind: 'missing' | 'extra'; readonly name: string; readonly value: JsonValue };

class JsonDiff {
  private readonly findings: Findings;
  private readonly hasTolerance: boolean;
  private readonly work: Work;
  private readonly segments: (string | number)[] = [];
  /** What stands for each of `segments` where places are told from each other: an entry's identity rather than its position. */
  private readonly marks: (string | number)[] = [];
  /** The objects that the names in `segments` are of: for each name that of legacy, then that of the candidate. */
  private readonly above: JsonObject[] = [];

  constructor(rules: CompiledRules, findings: Findings) {
    this.findings = findings;
    this.hasTolerance = rules.hasTolerance;
    this.work = new Work(findings.limits.work);
  }

  values(a: JsonValue, b: JsonValue, place: Place): void {
    if (a === b) return;
    if (place.ignore) {
      if (!sameJson(a, b)) this.tell(typeOf(a) === typeOf(b) ? 'value' : 'type', null, a, b, place.ignore);
    } else if (a instanceof JsonObject && b instanceof JsonObject) this.objects(a, b, place);
    else if (a instanceof JsonList && b instanceof JsonList) this.lists(a, b, place);
    else if (isContainer(a) || isContainer(b)) this.tell('type', nullReason(a, b), a, b);
    else this.scalars(a, b, place);
  }

  private scalars(a: JsonValue, b: JsonValue, place: Place): void {
    if (isNumber(a) && isNumber(b) && sameNumber(a, b)) return;
    if (place.equivalent && equivalent(a, b, place.equivalent.as))
      this.findings.excuse(place.equivalent.rule);
    else if (place.tolerance && this.isTolerated(a, b, place)) this.findings.excuse(place.tolerance.rule);
    else if (isNumber(a) && isNumber(b)) this.tell('value', numberReason(numberText(a), numberText(b)), a, b);
    else if (typeof a === 'string' && typeof b === 'string') this.tell('value', this.textReason(a, b), a, b);
    else this.tell(typeOf(a) === typeOf(b) ? 'value' : 'type', typeReason(a, b), a, b);
  }

  /** Most reasons copy the texts; that one is the beginning of the other is seen without. */
  private textReason(a: string, b: string): Reason | null {
    return this.work.spend((a.length + b.length) >> 3) ? textReason(a, b) : truncation(a, b);
  }

  private isTolerated(a: JsonValue, b: JsonValue, place: Place): boolean {
    const asNumber = place.equivalent?.as === 'number';
    const read = (value: JsonValue) =>
      isNumber(value)
        ? readDecimal(numberText(value))
        : asNumber && typeof value === 'string'
          ? readDecimal(value)
          : null;
    const first = read(a);
    const second = read(b);
    return (
      first !== null &&
      second !== null &&
      place.tolerance !== null &&
      withinTolerance(first, second, place.tolerance.limit)
    );
  }

  private objects(a: JsonObject, b: JsonObject, place: Place): void {
    const partner = pairMembers(a, b);
    const seen = new Uint8Array(b.names.length);
    const alone: Alone[] = [];
    this.above.push(a, b);
    for (let i = 0; i < a.names.length; i++) {
      const name = a.names[i] as string;
      const j = partner[i] as number;
      if (j === -1) {
        alone.push({ kind: 'missing', name, value: a.values[i] as JsonValue });
        continue;
      }
      seen[j] = 1;
      if (a.values[i] === b.values[j]) continue;
      this.enter(name);
      this.values(a.values[i] as JsonValue, b.values[j] as JsonValue, place.member(name));
      this.leave();
    }
    for (let j = 0; j < b.names.length; j++)
      if (seen[j] === 0)
        alone.push({ kind: 'extra', name: b.names[j] as string, value: b.values[j] as JsonValue });
    if (alone.length > 0) this.tellAlone(alone, commonNames(a, b), place);
    this.above.length -= 2;
  }

  private tellAlone(alone: readonly Alone[], common: ReadonlySet<string>, place: Place): void {
    for (const { kind, name, value } of alone) {
      const reason = common.has(name) ? 'duplicate-key' : value === null ? 'null' : null;
      this.enter(name);
      this.oneSided(kind, reason, value, place.member(name).ignore);
      this.leave();
    }
  }

  private lists(a: JsonList, b: JsonList, place: Place): void {
    if (sameScalars(a.items, b.items)) return;
    const { partner, moved, identity } = pairLists(a, b, place, this.hasTolerance, this.work);
    if (moved) {
      if (place.unordered) this.findings.excuse(place.unordered.rule);
      else this.tell('order', null, a, b);
    }
    const below = place.item();
    const enter = (position: number, entry: JsonValue) => {
      const own = identity === null ? null : memberHash(entry, identity, below);
      this.enter(position, own === null ? position : `#${own}`);
    };
    const seen = new Uint8Array(b.items.length);
    for (let i = 0; i < a.items.length; i++) {
      const j = partner[i] as number;
      if (j !== -1 && a.items[i] === b.items[j]) {
        seen[j] = 1;
        continue;
      }
      enter(i, a.items[i] as JsonValue);
      if (j === -1) this.oneSided('missing', null, a.items[i] as JsonValue, below.ignore);
      else {
        seen[j] = 1;
        this.values(a.items[i] as JsonValue, b.items[j] as JsonValue, below);
      }
      this.leave();
    }
    for (let j = 0; j < b.items.length; j++) {
      if (seen[j] === 1) continue;
      enter(j, b.items[j] as JsonValue);
      this.oneSided('extra', null, b.items[j] as JsonValue, below.ignore);
      this.leave();
    }
  }

  private enter(segment: string | number, mark = segment): void {
    this.segments.push(segment);
    this.marks.push(mark);
  }

  private leave(): void {
    this.segments.pop();
    this.marks.pop();
  }

  private oneSided(
    kind: 'missing' | 'extra',
    reason: Reason | null,
    value: JsonValue,
    ignore: Rule | null,
  ): void {
    if (kind === 'missing') this.tell(kind, reason, value, undefined, ignore);
    else this.tell(kind, reason, undefined, value, ignore);
  }

  private tell(
    kind: DifferenceKind,
    reason: Reason | null,
    legacy: JsonValue | undefined,
    candidate: JsonValue | undefined,
    ignore: Rule | null = null,
  ): void {
    const { excerpt } = this.findings.limits;
    this.findings.add(
      {
        kind,
        reason,
        path: () => foldedPath(this.segments),
        place: () => foldedOut(this.segments, this.marks),
        sample: () => {
          const secret = toldSecret(this.segments, this.above);
          return {
            at: exactPath(this.segments),
            legacy: legacy === undefined ? null : excerptOf(legacy, excerpt),
            candidate: candidate === undefined ? null : excerptOf(candidate, excerpt),
            ...(secret && { secret }),
          };
        },
      },
      ignore,
    );
  }
}

function commonNames(a: JsonObject, b: JsonObject): ReadonlySet<string> {
  const inB = new Set(b.names);
  return new Set(a.names.filter((name) => inB.has(name)));
}

function sameScalars(a: readonly JsonValue[], b: readonly JsonValue[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    const first = a[index] as JsonValue;
    const second = b[index] as JsonValue;
    if (first !== second && !sameText(first, second)) return false;
  }
  return true;
}

function sameText(a: JsonValue, b: JsonValue): boolean {
  return a instanceof JsonNumber && b instanceof JsonNumber && a.text === b.text;
}

function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (isNumber(value)) return 'number';
  if (value instanceof JsonList) return 'list';
  return typeof value;
}

function typeReason(a: JsonValue, b: JsonValue): Reason | null {
  const types = [typeOf(a), typeOf(b)];
  if (types.includes('null')) return 'null';
  if (!types.includes('string')) return null;
  if (types.includes('number')) return 'number-as-text';
  return types.includes('boolean') ? 'boolean-as-text' : null;
}

function nullReason(a: JsonValue, b: JsonValue): Reason | null {
  return a === null || b === null ? 'null' : null;
}
