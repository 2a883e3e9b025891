import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import { dependencyRules, probeTargets } from './dependency-rules.ts';

const FOLDERS = ['legacy-monolith', 'facade', 'new-services', 'acl', 'migration-plan'];

/**
 * Cruises the tree, then a throw-away tree in which every rule is broken once.
 * Returns problems as lines; empty means that the arrows hold and every rule is known to fire.
 */
export async function checkDependencies(root: string, sourceFiles: readonly string[]): Promise<string[]> {
  const result = await cruiseTree(root);
  const problems = result.summary.violations.map(
    (violation) =>
      `${violation.rule.name}: ${violation.from} → ${violation.to}. ${commentOf(violation.rule.name)}`,
  );
  // Without a usable TypeScript parser the tool cruises nothing and finds nothing wrong.
  const cruised = new Set(result.modules.map((module) => module.source));
  const unseen = sourceFiles.filter((file) => !cruised.has(file));
  if (unseen.length > 0) {
    problems.push(
      `expected all ${sourceFiles.length} source files to be cruised, ${unseen.length} were not, e.g. ${unseen[0]}`,
    );
  }
  return [...problems, ...(await silentRules(root))];
}

/** Rules that say nothing about the probe that breaks them. */
async function silentRules(root: string): Promise<string[]> {
  mkdirSync(join(root, '.fig'), { recursive: true });
  const tree = mkdtempSync(join(root, '.fig', 'probes-'));
  try {
    for (const file of ['package.json', 'tsconfig.json']) cpSync(join(root, file), join(tree, file));
    for (const folder of FOLDERS) mkdirSync(join(tree, folder), { recursive: true });
    for (const [file, text] of Object.entries(probeTargets)) write(join(tree, file), text);
    for (const rule of dependencyRules)
      write(join(tree, rule.probe.file), `import '${rule.probe.imports}';\n`);
    const { summary } = await cruiseTree(tree);
    return dependencyRules
      .filter(
        (rule) =>
          !summary.violations.some(
            (found) => found.rule.name === rule.name && [found.from, found.to].includes(rule.probe.file),
          ),
      )
      .map(
        (rule) =>
          `rule ${rule.name} did not fire on its probe ${rule.probe.file} importing ${rule.probe.imports}`,
      );
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

async function cruiseTree(baseDir: string): Promise<ICruiseResult> {
  const options: ICruiseOptions = {
    baseDir,
    parser: 'swc',
    // Type-only imports are arrows too.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^\\.fig/' },
    validate: true,
    ruleSet: {
      forbidden: dependencyRules.map(({ name, comment, from, to }) => ({
        name,
        comment,
        severity: 'error',
        from,
        to,
      })),
    },
  };
  const resolve = {
    exportsFields: ['exports'],
    conditionNames: ['import', 'node', 'default'],
    extensions: ['.ts', '.mjs', '.js', '.json'],
  };
  // A tree without acl and legacy-monolith is a valid one: that is where a migration ends.
  const folders = FOLDERS.filter((folder) => existsSync(join(baseDir, folder)));
  const { output } = await cruise(folders, options, resolve);
  return output as ICruiseResult;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function commentOf(name: string): string {
  return dependencyRules.find((rule) => rule.name === name)?.comment ?? '';
}
