import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { EXIT } from '../exit-code.ts';
import { folders } from '../test-kit/control-plane.ts';
import { fig } from '../test-kit/terminal.ts';

const hasZsh = spawnSync('zsh', ['-f', '-c', 'zmodload zsh/zpty']).status === 0;

/** Types into a real zsh; after each of the words that follow in pairs it presses Tab and waits for what has to come. */
const ZSH = `zmodload zsh/zpty
zpty shell zsh -f -i
await() {
  local line text
  for n in {1..200}; do
    while zpty -r -t shell line; do text+=$line; done
    [[ $text = *$1* ]] && { print -r -- "got $1"; return; }
    sleep 0.05
  done
  print -r -- "no $1 in $text"
}
zpty -w shell "PS1='RE''ADY '; autoload -U compinit; compinit -u -D; source ./completion.zsh"
await 'READY '
for typed expected in "$@"; do zpty -w -n shell "$typed"$'\\t'; await "$expected"; done
`;

describe('fig completion', () => {
  /** What bash offers behind `words`, the last of which is being written. */
  async function offered(...words: string[]): Promise<string[]> {
    const { out } = await fig(['completion', 'bash']);
    const cwd = dirname(folders.write({ 'routes/articles.yaml': ROUTE, 'routes/authors.yaml': ROUTE }));
    const script = `${out}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fig; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const shown = execFileSync('bash', ['-c', script, 'bash', 'fig', ...words], { cwd, encoding: 'utf8' });
    return shown.split('\n').filter((line) => line !== '');
  }

  test('offers verbs, those below them, and options', async () => {
    expect(await offered('re')).toEqual([
      'resume',
      'record',
      'replay',
      'reload',
      'retire',
      'reconcile',
      'report',
    ]);
    expect(await offered('ledger', 'v')).toEqual(['verify']);
    expect(await offered('ledger', 'repair', '--dry')).toEqual(['--dry-run']);
    expect(await offered('advance', '--re')).toEqual(['--reason']);
    expect(await offered('--plan', 'plan', 'status', '--js')).toEqual(['--json']);
    expect(await offered('nothing-like-it')).toEqual([]);
  });

  test('offers the routes of the plan', async () => {
    expect(await offered('--plan', 'plan', 'advance', 'a')).toEqual(['articles', 'authors']);
    expect(await offered('--plan', 'plan', 'parity', 'au')).toEqual(['authors']);
    expect(await offered('--plan', 'plan', 'reload', '')).not.toContain('articles');
  });

  test('is the same for zsh, which has to be asked to take it; other shells are refused', async () => {
    expect((await fig(['completion', 'zsh'])).out).toMatch(
      /^autoload -U \+X bashcompinit && bashcompinit\n_fig_routes/,
    );
    expect((await fig(['completion', 'fish'])).code).toBe(EXIT.usage);
  });

  (hasZsh ? test : test.skip)(
    `is taken by zsh${hasZsh ? '' : ': no zsh on this machine'}`,
    async () => {
      const plan = dirname(folders.write({ 'routes/articles.yaml': ROUTE }));
      writeFileSync(join(plan, 'completion.zsh'), (await fig(['completion', 'zsh'])).out);
      const typed = ['fig --plan plan adv', 'advance', 'art', 'articles', '--rea', '--reason'];
      const shown = execFileSync('zsh', ['-f', '-c', ZSH, 'zsh', ...typed], { cwd: plan, encoding: 'utf8' });
      expect(shown.trim().split('\n')).toEqual(['got READY ', 'got advance', 'got articles', 'got --reason']);
    },
    30_000,
  );
});
