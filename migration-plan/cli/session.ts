import { loadPlan } from '#plan/model/load-plan.ts';
import type { Plan } from '#plan/model/plan.ts';
import { formatProblem } from '#plan/model/problem.ts';
import { DEFAULT_PLAN } from '#plan/model/state-folder.ts';
import { EXIT } from './exit-code.ts';
import { Failure } from './failure.ts';

/** Where a verb writes. A terminal says so with `isTTY` and `columns`. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
export type Streams = { readonly stdout: Output; readonly stderr: Output };

/** One call of the CLI: the global options, the environment and where to write. */
export type Session = {
  readonly planDir: string;
  readonly adminUrl: string;
  /** Where `--admin` said so: what a command needs to mean the same facade. */
  readonly adminFlag: string;
  readonly json: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly streams: Streams;
  /** Writes one line of the result. */
  say(line: string): void;
  /** Writes a line that is not part of the result: progress, hints. Silent with `--json`. */
  note(line: string): void;
  /** Writes the result as one JSON document. */
  answer(result: unknown): void;
};

export type GlobalOptions = { plan: string; admin?: string; json?: boolean };

export const DEFAULT_ADMIN_URL = 'http://127.0.0.1:8081';

export function openSession(options: GlobalOptions, env: NodeJS.ProcessEnv, streams: Streams): Session {
  const json = options.json === true;
  const adminUrl = options.admin ?? env.FIG_ADMIN_URL ?? DEFAULT_ADMIN_URL;
  if (!/^https?:\/\//.test(adminUrl) || !URL.canParse(adminUrl)) {
    throw new Failure(
      EXIT.usage,
      'CLI_USAGE',
      `--admin: expected an http or https URL, got \`${adminUrl}\`. Write e.g. \`${DEFAULT_ADMIN_URL}\`.`,
    );
  }
  return {
    planDir: options.plan,
    adminUrl: adminUrl.replace(/\/+$/, ''),
    adminFlag: options.admin === undefined ? '' : ` --admin ${shellWord(adminUrl)}`,
    json,
    env,
    streams,
    say: (line) => streams.stdout.write(`${line}\n`),
    note: (line) => {
      if (!json) streams.stderr.write(`${line}\n`);
    },
    answer: (result) => streams.stdout.write(`${JSON.stringify(result, null, 2)}\n`),
  };
}

/** ` --plan DIR` as a command needs it to mean the plan of this call; empty where it would do so by itself. */
export function planFlag({ planDir }: Pick<Session, 'planDir'>): string {
  if (planDir === DEFAULT_PLAN) return '';
  return ` --plan ${shellWord(planDir)}`;
}

/** Both flags as a command needs them to mean the plan and the facade of this call. */
export const sameFlags = (session: Session): string => planFlag(session) + session.adminFlag;

const shellWord = (text: string) => (/^[\w./:~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The plan of this call; a plan with errors is a refusal that lists them all. */
export function requirePlan(session: Session): Plan {
  const { plan, problems } = loadPlan(session.planDir, session.env);
  if (plan) return plan;
  const errors = problems.filter((problem) => problem.severity === 'error');
  throw new Failure(EXIT.refused, 'PLAN_INVALID', errors.map(formatProblem).join('\n'), {
    details: { problems },
  });
}
