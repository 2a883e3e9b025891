import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What changes no program: another plan is another form of its routes, not another build. */
const NO_CODE = [':(exclude)migration-plan', ':(exclude)*.md'];
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * The commit that runs in `root`, and a mark of what differs from it, new files as well, so that each state of a
 * folder that is being worked in is a build of its own: `781a679-changed-1f0c2a9b`. `dev` outside a git checkout.
 */
export function buildId(root: string): string {
  const git = (...args: string[]) => {
    const { status, stdout } = spawnSync('git', args, { cwd: root, maxBuffer: MAX_BYTES });
    return status === 0 ? stdout : null;
  };
  const commit = git('describe', '--always');
  if (!commit) return 'dev';
  const changes = git('diff', 'HEAD', '--binary', '--', '.', ...NO_CODE);
  const added = git('ls-files', '--others', '--exclude-standard', '-z', '--', '.', ...NO_CODE);
  const id = commit.toString().trim();
  if (!changes?.length && !added?.length) return id;
  const hash = createHash('sha256').update(changes ?? '');
  for (const file of String(added ?? '')
    .split('\0')
    .filter(Boolean))
    hash.update(`\0${file}\0`).update(contentOf(join(root, file)));
  return `${id}-changed-${hash.digest('hex').slice(0, 8)}`;
}

/** Empty for what cannot be read: a link that leads nowhere, or a file that was removed just now. */
function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
