import { isAnnounced, isAnnouncement } from './pair-names.ts';
import { secretByName } from './secret-names.ts';
import type { Span } from './span.ts';

/** `password:` at the end of a line, also with a mark of YAML for a text of several lines; its value is what stands indented below. */
const OPENS = /^([ \t]*)(?:- +)?(["']?)([\w.-]{1,64})\2[ \t]*[:=][ \t]*(?:[|>][+-]?\d?[+-]?)?$/;
/** `name: password` and `value: x` on lines of one block, in either order. */
const MEMBER = /^([ \t]*(?:- +)?)(["']?)([\w.-]{1,64})\2[ \t]*[:=][ \t]*(\S.*)$/;

/** Values that stand on other lines than what names them, as in YAML. */
export function* blocks(text: string): Iterable<Span> {
  let opened: { readonly indent: number; readonly kind: string; from: number; to: number } | null = null;
  let block = new Map<'says' | 'value', { text: string; from: number; to: number; indent: number }>();
  const flush = () => {
    const span = opened && opened.to > opened.from ? opened : null;
    opened = null;
    return span;
  };
  for (const { index: start, 0: whole } of text.matchAll(/[^\r\n]+/g)) {
    const line = whole.trimEnd();
    if (line === '') continue;
    const indent = line.length - line.trimStart().length;
    const end = start + line.length;
    if (opened && (indent > opened.indent || (indent === opened.indent && /^\s*- /.test(line)))) {
      if (opened.to === opened.from) opened.from = start + indent;
      opened.to = end;
      continue;
    }
    const done = flush();
    if (done) yield done;
    if (line.length > LONGEST_LINE) continue;
    const [, , , name] = OPENS.exec(line) ?? [];
    const kind = name === undefined ? null : secretByName(name);
    if (kind) opened = { indent, kind, from: 0, to: 0 };
    const [, before, , member, value] = MEMBER.exec(line) ?? [];
    const role =
      member === undefined ? null : isAnnouncement(member) ? 'says' : isAnnounced(member) ? 'value' : null;
    if (role === null) continue;
    const depth = before!.length;
    if (/- /.test(before!) || [...block.values()].some((one) => one.indent !== depth)) block = new Map();
    block.set(role, { text: value!, from: end - value!.length, to: end, indent: depth });
    const told = block.size === 2 ? secretByName(unquoted(block.get('says')!.text)) : null;
    const { from, to } = block.get('value') ?? { from: 0, to: 0 };
    if (told) yield { from, to, kind: told };
  }
  const last = flush();
  if (last) yield last;
}

const LONGEST_LINE = 4096;

function unquoted(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1,?$/, '$2');
}
