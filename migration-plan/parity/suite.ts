import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { closest } from '#plan/model/closest.ts';
import type { Plan, Route } from '#plan/model/plan.ts';
import { PlanFile } from '#plan/model/plan-file.ts';
import { type Problem, sortProblems } from '#plan/model/problem.ts';
import { readYamlSource } from '#plan/model/yaml-source.ts';
import { type RequestLine, suiteSchema } from './suite-schema.ts';

type Written = z.output<typeof suiteSchema>;
type WrittenCase = Written['cases'][number];
type CompareRules = NonNullable<Written['compare']>;

/** One request that both sides get. */
export type Step = {
  /** Whose session it has. */
  readonly as: string | null;
  readonly request: RequestLine;
  readonly headers: Readonly<Record<string, string>>;
  /** At most one of the three. */
  readonly json: unknown;
  readonly form: Readonly<Record<string, string>> | null;
  readonly body: string | null;
  /** What legacy has to answer, or the case says nothing. */
  readonly status: number | null;
  /** Name of a value to where it stands in the answer; each side keeps its own. */
  readonly capture: Readonly<Record<string, string>>;
  readonly compare: Route['compare'];
};

export type ParityCase = {
  readonly name: string;
  readonly skip: string | null;
  /** Nothing of it changes a state: by its methods, or as the suite says. */
  readonly safe: boolean;
  readonly steps: readonly Step[];
};

/** How somebody logs in: at legacy, with a session that counts on both sides, or at each. */
export type User = Pick<Step, 'request' | 'headers' | 'json' | 'form'> & { readonly at: 'legacy' | 'each' };

export type Suite = {
  /** Relative to the plan folder: `parity/articles.parity.yaml`. */
  readonly file: string;
  readonly route: Route;
  readonly users: ReadonlyMap<string, User>;
  readonly cases: readonly ParityCase[];
};

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const ENDING = '.parity.yaml';

/**
 * Reads `parity/*.parity.yaml` of a plan folder. Reports every problem at once, as the plan's own files do; a suite with
 * a problem is not among `suites`.
 */
export function loadSuites(
  plan: Plan,
  planDir: string,
  env: NodeJS.ProcessEnv,
): { suites: Suite[]; problems: Problem[] } {
  const folder = resolve(planDir);
  const problems: Problem[] = [];
  const suites: Suite[] = [];
  for (const name of fileNames(join(folder, 'parity'))) {
    const path = `parity/${name}`;
    const source = sourceOf(folder, path, problems);
    if (!source) continue;
    const file = new PlanFile(source, env);
    const written = file.read(suiteSchema);
    const suite = written && suiteOf(file, written, plan, name);
    problems.push(...file.problems);
    if (suite && file.problems.length === 0) suites.push(suite);
  }
  return { suites, problems: sortProblems(problems) };
}

function sourceOf(folder: string, file: string, problems: Problem[]) {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(join(folder, file));
  } catch (error) {
    const message = `expected a suite that can be read, got an error (${(error as NodeJS.ErrnoException).code}). Make it a readable file.`;
    problems.push({ file, line: 0, key: '', message, severity: 'error' });
    return null;
  }
  const read = readYamlSource(file, bytes);
  problems.push(...read.problems);
  return read.source;
}

function fileNames(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(ENDING) && !name.startsWith('.'))
    .sort();
}

function suiteOf(file: PlanFile, written: Written, plan: Plan, fileName: string): Suite | null {
  const route = plan.routes.find(({ name }) => name === written.parity);
  if (!route) {
    const known = plan.routes.map(({ name }) => name);
    file.report(['parity'], `expected a route of the plan, got {got}. ${advice(written.parity, known)}`);
    return null;
  }
  if (fileName !== `${route.name}${ENDING}`)
    file.report(
      ['parity'],
      `expected the route of the file's name, got {got}. Call the file ${route.name}${ENDING}.`,
    );
  const names = new Map<string, number>();
  const cases = written.cases.map((one, index) => {
    const earlier = names.get(one.name);
    if (earlier !== undefined)
      file.report(
        ['cases', index, 'name'],
        `expected each name once, got {got} again (cases[${earlier}]). Write another name.`,
      );
    names.set(one.name, index);
    return caseOf(file, one, index, [route.compare, written.compare], Object.keys(written.users));
  });
  const users = Object.entries(written.users).map(([name, user]): [string, User] => {
    oneBody(file, user, ['users', name]);
    return [name, { ...user, json: user.json, form: user.form ?? null }];
  });
  return { file: file.file, route, users: new Map(users), cases };
}

type Rules = readonly (Route['compare'] | CompareRules | undefined)[];

function caseOf(
  file: PlanFile,
  one: WrittenCase,
  index: number,
  rules: Rules,
  users: readonly string[],
): ParityCase {
  const at = ['cases', index];
  const { steps: written, request, name, safe, skip = null, ...rest } = one;
  const knownUser = (as: string | undefined, path: (string | number)[]) => {
    if (as !== undefined && !users.includes(as))
      file.report([...path, 'as'], `expected one of \`users\`, got {got}. ${advice(as, users)}`);
  };
  knownUser(one.as, at);
  if ((written === undefined) === (request === undefined))
    file.report(at, 'expected either `request` or `steps`, got {got}. Write one of the two.');
  if (written !== undefined)
    for (const key of ['headers', 'json', 'form', 'body', 'status', 'capture'] as const)
      if (JSON.stringify(one[key] ?? {}) !== '{}')
        file.report(
          [...at, key],
          `expected \`${key}\` in a step, got it beside \`steps\`. Move it into one of them.`,
        );
  const raw = written ?? (request === undefined ? [] : [{ request, ...rest }]);
  const own = written === undefined ? [] : [one.compare];
  const known = new Set(BUILT_IN);
  const steps = raw.map((step, n): Step => {
    const here = written === undefined ? at : [...at, 'steps', n];
    oneBody(file, step, here);
    if (written !== undefined) knownUser(step.as, here);
    for (const [, hole] of JSON.stringify([
      step.request,
      step.headers,
      step.json,
      step.form,
      step.body,
    ]).matchAll(/\{\{(\w+)\}\}/g))
      if (!known.has(hole as string))
        file.report(
          here,
          `expected a value for {{${hole}}}, got none. Capture it in an earlier step: \`capture: { ${hole}: $.id }\`.`,
        );
    for (const captured of Object.keys(step.capture)) known.add(captured);
    return {
      ...step,
      as: step.as ?? one.as ?? null,
      json: step.json,
      form: step.form ?? null,
      body: step.body ?? null,
      status: step.status ?? null,
      compare: joined([...rules, ...own, step.compare]),
    };
  });
  return { name, skip, safe: safe || steps.every(({ request }) => SAFE.has(request.method)), steps };
}

/** Values that every case has: `{{run}}` is new in each run and the same on both sides. */
const BUILT_IN = ['run'];

function oneBody(
  file: PlanFile,
  step: { json?: unknown; form?: unknown; body?: unknown },
  at: (string | number)[],
): void {
  const given = (['json', 'form', 'body'] as const).filter(
    (key) => step[key] !== undefined && step[key] !== null,
  );
  if (given.length > 1)
    file.report(
      [...at, given[1] as string],
      `expected one body, got \`${given.join('` and `')}\`. Leave one of them.`,
    );
}

/** The rules of the route, the suite, the case and the step together; the innermost list of headers counts. */
function joined(all: Rules): Route['compare'] {
  const given = all.filter((rules) => rules !== undefined);
  return {
    ignore: given.flatMap(({ ignore }) => ignore),
    unordered: given.flatMap(({ unordered }) => unordered),
    tolerance: Object.assign({}, ...given.map(({ tolerance }) => tolerance)),
    equivalent: given.flatMap(({ equivalent }) => equivalent),
    headers: given.findLast(({ headers }) => headers !== undefined)?.headers ?? [],
  };
}

function advice(written: string, known: readonly string[]): string {
  if (known.length === 0) return 'There is none.';
  const near = closest(written, known);
  return near ? `Did you mean \`${near}\`?` : `Known: ${known.join(', ')}.`;
}
