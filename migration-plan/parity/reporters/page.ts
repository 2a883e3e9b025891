import { escapeMarkup } from './escape.ts';

/** Markup of a cell, escaped where it was made, and its class. */
type HtmlCell = string | { readonly html: string; readonly class: string };

/** A table; where the page is narrow each row becomes a card, each cell a line with its title. */
export function htmlTable(head: readonly string[], rows: readonly (readonly HtmlCell[])[]): string {
  const titles = head.map((title) => `<th>${escapeMarkup(title)}</th>`).join('');
  const cell = (one: HtmlCell, index: number) => {
    const { html, class: own } = typeof one === 'string' ? { html: one, class: '' } : one;
    const attributes = `${own === '' ? '' : ` class="${own}"`} data-title="${escapeMarkup(head[index] ?? '')}"`;
    return index === 0 ? `<th${attributes}>${html}</th>` : `<td${attributes}>${html}</td>`;
  };
  const lines = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`);
  return `<div class="wide"><table><thead><tr>${titles}</tr></thead><tbody>\n${lines.join('\n')}\n</tbody></table></div>`;
}

/** One HTML page with everything in it: no script, no link to the outside. `body` is markup, escaped where it was made. */
export function htmlPage({ title, style, body }: { title: string; style: string; body: string }): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeMarkup(title)}</title>
<style>
${STYLE}
${style}
</style></head><body>
${body}
</body></html>
`;
}

// Words are broken only where one is longer than its line: `anywhere` would let columns shrink to single letters.
const STYLE = `:root { color-scheme: light dark; --bad: #b3261e; --warn: #8a5300; --good: #1b6b3a; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --warn: #f0b35a; --good: #7bd88f; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; }
pre { white-space: pre-wrap; margin: 0; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem; margin: .5rem 0 1rem; }
.pair > * { min-width: 0; }
.wide { overflow-x: auto; margin: .5rem 0 1.5rem; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884; }
@media (max-width: 60rem) {
  table, tbody, tr, th, td { display: block; width: auto; } thead { display: none; }
  tr { border-bottom: 1px solid #8884; padding: .5rem 0; } th, td { border: 0; padding: .1rem 0; }
  td::before { content: attr(data-title) ': '; opacity: .7; }
}`;
