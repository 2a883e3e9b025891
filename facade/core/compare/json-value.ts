/**
 * JSON as it was written: numbers keep their digits, objects keep their order and members that stand twice. A whole
 * number of 15 digits or fewer is a `number`, which holds it exactly; any other is a `JsonNumber`.
 */
export type JsonValue = string | number | boolean | null | JsonNumber | JsonList | JsonObject;

export class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** `hash` is the memo of `hashJson`; 0 while it is not known. */
export class JsonList {
  readonly items: readonly JsonValue[];
  hash = 0;
  constructor(items: readonly JsonValue[]) {
    this.items = items;
  }
}

/** Objects with the same names in the same order may share `names`. */
export class JsonObject {
  readonly names: readonly string[];
  readonly values: readonly JsonValue[];
  hash = 0;
  constructor(names: readonly string[], values: readonly JsonValue[]) {
    this.names = names;
    this.values = values;
  }
}

export function isContainer(value: JsonValue): value is JsonList | JsonObject {
  return value instanceof JsonObject || value instanceof JsonList;
}

export function isNumber(value: JsonValue): value is number | JsonNumber {
  return typeof value === 'number' || value instanceof JsonNumber;
}

export function numberText(value: number | JsonNumber): string {
  return typeof value === 'number' ? String(value) : value.text;
}
