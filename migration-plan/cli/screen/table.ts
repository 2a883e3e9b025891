import type { Output, Session } from '../session.ts';
import { flow } from './flow.ts';
import { painter, type Tone } from './paint.ts';

export type Cell = string | { readonly text: string; readonly tone: Tone };

const GAP = '  ';

/**
 * Lines of a table with aligned columns. Columns that a terminal (`width` columns) has no room for stand beneath their
 * row, each with its title; nothing is cut. A width of null (piped output) keeps every row on one line.
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
  const columns = width === null ? header.length : fitting(widths, width);
  const line = (cells: readonly Cell[], own: Tone) =>
    cells
      .slice(0, columns)
      .map((cell, index) => {
        const { text, tone } = typeof cell === 'string' ? { text: cell, tone: own } : cell;
        const shown = plain(text);
        const last = index === columns - 1;
        return paint(tone, shown) + (last ? '' : ' '.repeat((widths[index] ?? 0) - shown.length));
      })
      .join(GAP)
      .trimEnd();
  const beneath = (row: readonly string[]) =>
    flow(
      header.flatMap((title, index) =>
        index < columns || !row[index] || row[index] === '-' ? [] : [`${title.toLowerCase()} ${row[index]}`],
      ),
      (width ?? 0) - GAP.length,
    ).map((text) => GAP + paint('dim', text));
  return [
    line(header, 'dim'),
    ...rows.flatMap((row, index) => [line(row, 'plain'), ...beneath(texts[index] ?? [])]),
  ];
}

/** How many columns stand side by side; at least the first. */
function fitting(widths: readonly number[], width: number): number {
  let [taken, count] = [0, 0];
  for (const own of widths) {
    taken += own + (count === 0 ? 0 : GAP.length);
    if (taken > width) break;
    count++;
  }
  return Math.max(1, count);
}

/** SECURITY: text that others wrote (reasons, names, builds) must neither drive the terminal nor turn its lines around. */
export function plain(text: string): string {
  return text.replace(/[\s\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' ');
}

/** How wide the terminal is; null for what is none. */
export function widthOf({ isTTY, columns }: Output): number | null {
  return isTTY ? columns || 80 : null;
}

/** Shows a table as wide as stdout is. */
export function sayTable(
  session: Session,
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
): void {
  const { stdout } = session.streams;
  for (const line of renderTable(header, rows, widthOf(stdout), painter(stdout, session.env)))
    session.say(line);
}
