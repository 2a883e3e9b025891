import type { Tone } from './paint.ts';

export type Cell = string | { readonly text: string; readonly tone: Tone };

const GAP = '  ';
const NARROWEST = 6;

/**
 * Lines of a table with aligned columns. In a terminal (`width` columns) the widest columns give way first, down to
 * six characters, and cut text ends in `…`; a width of null (piped output) cuts nothing.
 */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  width: number | null,
  paint: (tone: Tone, text: string) => string,
): string[] {
  const texts = rows.map((row) => row.map((cell) => plain(typeof cell === 'string' ? cell : cell.text)));
  const widths = header.map((title, index) =>
    Math.max(title.length, ...texts.map((row) => row[index]?.length ?? 0)),
  );
  if (width !== null) shrink(widths, width);
  const line = (cells: readonly Cell[], tone: Tone) =>
    cells
      .map((cell, index) => {
        const own = typeof cell === 'string' ? tone : cell.tone;
        const text = plain(typeof cell === 'string' ? cell : cell.text);
        const room = widths[index] ?? text.length;
        const shown = text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…` : text;
        const last = index === cells.length - 1;
        return paint(own, shown) + (last ? '' : ' '.repeat(room - shown.length));
      })
      .join(GAP)
      .trimEnd();
  return [line(header, 'dim'), ...rows.map((row) => line(row, 'plain'))];
}

/** SECURITY: text that others wrote (reasons, names, builds) must neither drive the terminal nor turn its lines around. */
export function plain(text: string): string {
  return text.replace(/[\s\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' ');
}

function shrink(widths: number[], width: number): void {
  const total = () => widths.reduce((sum, one) => sum + one, 0) + GAP.length * (widths.length - 1);
  while (total() > width) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= NARROWEST) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}
