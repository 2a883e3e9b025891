import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadPlan } from '#plan/model/load-plan.ts';
import { formatProblem } from '#plan/model/problem.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { readFields, snake } from '../new/fields.ts';
import { addService, adoptRoute, freePort } from '../new/plan-edits.ts';
import { camelOf, isTaken, type Scaffold, scaffoldFiles, variableOf } from '../new/scaffold.ts';
import { planFlag, type Session } from '../session.ts';
import { ROOT } from '../up/services.ts';
import { usage } from '../usage.ts';
import type { Run } from '../verb.ts';

type Options = {
  field: string[];
  singular?: string;
  path?: string;
  table?: string;
  key: string;
};

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const COLUMN = /^[A-Za-z_$][\w$]*$/;
const PATH = /^(\/[A-Za-z0-9._~-]+)+$/;
/** Names of tables and constraints are made of it, and Postgres takes 63 characters. */
const LONGEST = 40;
const FEATURES = 'acl/gateway/features.ts';
const DEFAULT_FIELDS = ['name:text', 'note:text?'];

/** `fig new SERVICE`: a service beside the monolith, with its way there. */
export function addNew(program: Command, run: Run): void {
  program
    .command('new')
    .description(
      'scaffold a service: domain, API, database, translator, gateway routes, route, data set and parity suite',
    )
    .argument('<service>', 'its name in the plural, e.g. projects or credit-notes')
    .option(
      '--field <spec>',
      'a field, name=legacy_column:TYPE (text, integer, decimal, boolean, date, timestamp; ? when it can be NULL); once for each',
      (spec: string, before: string[]) => [...before, spec],
      [],
    )
    .option('--table <name>', 'the table of the monolith (default: the name with underscores)')
    .option('--key <column>', 'its primary key, a whole number', 'id')
    .option('--path <path>', 'where the monolith has it (default: /api/SERVICE)')
    .option('--singular <name>', 'one of them (default: the name without its s)')
    .action(
      run(async (session, options: Options, service: string) => {
        const { name: plural, entity } = namesOf(service, options.singular);
        const table = options.table ?? snake(plural);
        for (const [flag, column] of [
          ['--table', table],
          ['--key', options.key],
        ] as const)
          if (!COLUMN.test(column))
            throw usage(flag, 'a name of letters, digits and _', column, `${flag} ${snake(plural)}`);
        const path = options.path ?? `/api/${plural}`;
        if (!PATH.test(path))
          throw usage('--path', 'a path of plain segments', path, `--path /api/${plural}`);
        const fields = readFields(options.field.length > 0 ? options.field : DEFAULT_FIELDS, options.key);
        const planFile = join(session.planDir, 'plan.yaml');
        if (!existsSync(planFile))
          throw new Failure(
            EXIT.refused,
            'NEW_NO_PLAN',
            `expected a plan in ${session.planDir}, got none. Start one with \`fig init\`, or name its folder with --plan.`,
          );
        requireNoErrors(session);
        requireInRepository(session);
        const before = readFileSync(planFile, 'utf8');
        const port = freePort(before);
        const scaffold: Scaffold = {
          plural,
          entity,
          path,
          table,
          key: options.key,
          fields,
          port,
          createdAt: Date.now(),
          schema: relative(resolve(session.planDir, 'routes'), resolve(ROOT, 'migration-plan/schema.json')),
        };
        const { root, plan } = scaffoldFiles(scaffold);
        const files = new Map([
          ...Object.entries(root).map(([file, text]) => [join(ROOT, file), text] as const),
          ...Object.entries(plan).map(([file, text]) => [resolve(session.planDir, file), text] as const),
        ]);
        // `fig init` proposes one for each resource.
        const route = resolve(session.planDir, 'routes', `${plural}.yaml`);
        const proposed = existsSync(route) ? readFileSync(route, 'utf8') : null;
        if (proposed !== null) files.delete(route);
        requireNothingThere(files);
        const variable = variableOf(plural);
        writeAll(files);
        if (proposed !== null) replace(route, adoptRoute(proposed, plural));
        replace(planFile, addService(before, { plural, variable, port }));
        addFeature(plural);
        const ugly = format([...files.keys(), join(ROOT, FEATURES)].filter((file) => file.endsWith('.ts')));
        tell(session, scaffold, {
          files: [...files.keys()],
          adopted: proposed === null ? null : route,
          ugly,
        });
        return EXIT.ok;
      }),
    );
}

function namesOf(name: string, singular?: string): { name: string; entity: string } {
  if (!NAME.test(name) || name === 'service-kit')
    throw usage('service', 'a name of small letters, digits and -', name, 'fig new credit-notes');
  const entity = singular ?? singularOf(name);
  if (entity === null)
    throw usage('--singular', `what one of \`${name}\` is called`, 'nothing', `--singular one-${name}`);
  if (!NAME.test(entity) || entity === name)
    throw usage(
      '--singular',
      'another name of small letters, digits and -',
      entity,
      '--singular credit-note',
    );
  for (const [flag, written] of [
    ['service', name],
    ['--singular', entity],
  ] as const) {
    if (written.length > LONGEST)
      throw usage(flag, `a name of at most ${LONGEST} characters`, written, 'fig new credit-notes');
    if (isTaken(camelOf(written)))
      throw usage(
        flag,
        'a name that neither TypeScript nor the generated sources use themselves',
        written,
        `fig new own-${name}`,
      );
  }
  return { name, entity };
}

function singularOf(plural: string): string | null {
  if (plural.endsWith('ies')) return `${plural.slice(0, -3)}y`;
  return plural.length > 2 && plural.endsWith('s') && !plural.endsWith('ss') ? plural.slice(0, -1) : null;
}

function requireNoErrors({ planDir, env }: Session): void {
  const errors = loadPlan(planDir, env).problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0)
    throw new Failure(
      EXIT.refused,
      'PLAN_INVALID',
      `expected a plan without errors to add to, got:\n${errors.map(formatProblem).join('\n')}`,
      { details: { problems: errors } },
    );
}

/** Files that a plan names are looked for from the folder that it lies in, and services are written here. */
function requireInRepository({ planDir }: Session): void {
  const parent = realpathSync(join(planDir, '..'));
  if (parent !== realpathSync(ROOT))
    throw new Failure(
      EXIT.refused,
      'NEW_OUTSIDE',
      `expected a plan folder in ${ROOT}, where services are written, got one in ${parent}; nothing was written. Move it there.`,
    );
}

function requireNothingThere(files: ReadonlyMap<string, string>): void {
  const there = [...files.keys()].filter((file) => existsSync(file));
  if (there.length > 0)
    throw new Failure(
      EXIT.refused,
      'NEW_EXISTS',
      `expected nothing under the name of the service, got ${there.length} of its files; nothing was written. Take another name, or remove them:\n${there.join('\n')}`,
      { details: { files: there } },
    );
}

function writeAll(files: ReadonlyMap<string, string>): void {
  try {
    for (const [file, text] of files) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: 'wx' });
    }
  } catch (error) {
    throw new Failure(
      EXIT.refused,
      'CLI_FILE',
      `expected to write the service, got ${(error as NodeJS.ErrnoException).code} at ${(error as NodeJS.ErrnoException).path}. Remove what was written and try again.`,
      { cause: error },
    );
  }
}

/** Never half a file: what reads it meets the old text or the new one. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

function addFeature(plural: string): void {
  const file = join(ROOT, FEATURES);
  const line = `export { ${camelOf(plural)} } from './${plural}/feature.ts';\n`;
  replace(file, readFileSync(file, 'utf8') + line);
}

/** As the project's formatter writes them; says why when it could not. */
function format(files: readonly string[]): string | null {
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
  const { status, stderr, error } = spawnSync(process.execPath, [biome, 'check', '--write', ...files], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

type Written = {
  readonly files: readonly string[];
  /** A route that stood there and is the service's now. */
  readonly adopted: string | null;
  /** Why the files could not be formatted. */
  readonly ugly: string | null;
};

function tell(
  session: Session,
  { plural, table, key, port }: Scaffold,
  { files, adopted, ugly }: Written,
): void {
  const shown = files.map((file) => relative(ROOT, resolve(file))).toSorted();
  const plan = planFlag(session);
  if (session.json) {
    session.answer({
      service: plural,
      table,
      key,
      port,
      variable: variableOf(plural),
      files: shown,
      adopted,
    });
    return;
  }
  for (const file of shown) session.say(`  ${file}`);
  session.say(`  ${FEATURES} and plan.yaml: one entry each`);
  if (adopted !== null) session.say(`  ${relative(ROOT, adopted)}: now to the gateway, with its own data`);
  if (ugly !== null) session.note(`The files could not be formatted: ${ugly}`);
  session.say(`\n${plural} comes from \`${table}\` by \`${key}\`. Next:`);
  session.say(`  npm test -- new-services/${plural} acl/translators/${plural} acl/gateway/${plural}`);
  session.say(`  npx fig lint${plan}`);
  session.say(
    `  LEGACY_DATABASE_URL=mysql://… npx fig up${plan}   # starts it with the others; the monolith's own needs none`,
  );
  session.say(
    `  npx fig capture install ${plural}${plan}     # from now on writes follow; \`fig up\` does it for databases of its own`,
  );
  session.say(`  npx fig backfill ${plural}${plan}     # copies what was there before`);
  session.say(`  npx fig parity ${plural}${plan}     # what the gateway answers otherwise than the monolith`);
  session.note('docker-compose.yml is left to you: its services are like that of freelancers.');
}
