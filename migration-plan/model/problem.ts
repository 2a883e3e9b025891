/** One thing wrong with a plan file: where it stands, what was expected, what was found and what to write instead. */
export type Problem = {
  /** Relative to the plan folder: `routes/articles.yaml`. */
  readonly file: string;
  /** 1-based; 0 when the problem is the file itself (missing, unreadable). */
  readonly line: number;
  /** Key path as a person would write it: `stages[2]`, `candidates.catalog.url`; '' for the whole file. */
  readonly key: string;
  readonly message: string;
  /** An error refuses the plan; a warning is shown and the plan is used. */
  readonly severity: 'error' | 'warning';
};

/** `routes/articles.yaml:14 stages[2]: expected a share from 0 to 100 %, got …`: one line, fit for a terminal and an editor. */
export function formatProblem(problem: Problem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}` : problem.file;
  return problem.key === '' ? `${place}: ${problem.message}` : `${place} ${problem.key}: ${problem.message}`;
}

export type KeyPath = readonly (string | number)[];

/** Renders a key path: identifiers joined by dots, list positions in brackets, anything else quoted. */
export function formatKey(path: KeyPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** File order, then line order: the order in which a person works through them. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => compareText(a.file, b.file) || a.line - b.line);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
