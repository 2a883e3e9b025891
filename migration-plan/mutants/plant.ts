import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Mutant } from './mutants.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Where the two halves of a candidate are loaded from: folders like `acl/` and `new-services/`. */
export type Sources = { readonly acl: string; readonly services: string };

/** The program as it is. */
export const SOUND: Sources = { acl: join(ROOT, 'acl'), services: join(ROOT, 'new-services') };

/** Copies the half of the program that the mutant lies in to `folder`, with the fault in it. */
export async function plant({ name, file, find, replace }: Mutant, folder: string): Promise<Sources> {
  const source = await readFile(join(ROOT, file), 'utf8');
  const count = source.split(find).length - 1;
  if (count !== 1) throw new Error(`${name}: expected its text once in ${file}, found it ${count} times`);
  const half = file.split('/', 1)[0] as string;
  for (const path of await sourcesOf(half)) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await copyFile(join(ROOT, path), join(folder, path));
  }
  // Of no other copy: what both halves and all mutants share is loaded once.
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await symlink(join(ROOT, 'migration-plan'), join(folder, 'migration-plan'));
  await copyFile(join(ROOT, 'package.json'), join(folder, 'package.json'));
  await writeFile(
    join(folder, file),
    source.replace(find, () => replace),
  );
  return half === 'acl' ? { ...SOUND, acl: join(folder, half) } : { ...SOUND, services: join(folder, half) };
}

async function sourcesOf(half: string): Promise<string[]> {
  const found = await readdir(join(ROOT, half), { recursive: true });
  return found.filter((path) => path.endsWith('.ts') && !isOfTests(path)).map((path) => join(half, path));
}

function isOfTests(path: string): boolean {
  return path.endsWith('.test.ts') || path.split(sep).includes('testing');
}
