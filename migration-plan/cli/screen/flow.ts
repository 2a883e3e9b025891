/**
 * Parts one behind the other, ` · ` between them, in lines of at most `width` columns. A part that needs more than a
 * line is broken between words; a word never is, so that a command can be copied.
 */
export function flow(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = '';
  const add = (text: string, between: string) => {
    const joined = line === '' ? text : `${line}${between}${text}`;
    if (joined.length <= width || line === '') {
      line = joined;
      return;
    }
    lines.push(line);
    line = text;
  };
  for (const part of parts) {
    const fits = part.length <= width;
    if (!fits && line !== '') {
      lines.push(line);
      line = '';
    }
    for (const piece of fits ? [part] : part.split(' ')) add(piece, fits ? ' · ' : ' ');
  }
  return line === '' ? lines : [...lines, line];
}
