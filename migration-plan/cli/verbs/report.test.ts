import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { EXIT } from '../exit-code.ts';
import { admin, control, folders } from '../test-kit/control-plane.ts';
import { fig } from '../test-kit/terminal.ts';

const STAGES = 'stages: [canary 10%, candidate]\nowner: content-team\ntargetDate: 2026-01-31\n';

describe('fig report', () => {
  test('writes one page: how far each route is, what comes next, who did what and why', async () => {
    const plan = folders.write({ 'routes/articles.yaml': ROUTE + STAGES });
    control.route('articles', { stage: 'canary', percent: 10 });
    control.entry({ reason: '<script>alert(1)</script>', actor: 'ann' });
    control.entry({ type: 'rollback', stage: 'legacy', percent: 0, reason: 'too slow', forced: true });
    const file = join(plan, 'state.html');
    expect(await fig(['report', '--html', file], { admin, plan })).toMatchObject({
      code: EXIT.ok,
      out: `Written to ${file}.\n`,
    });
    const page = readFileSync(file, 'utf8');
    expect(page).toContain(
      '<li class="done">legacy</li><li class="on" aria-current="step">canary 10%</li><li class="">candidate</li>',
    );
    expect(page).toContain(
      '<td data-title="Owner">content-team</td><td class="date late" data-title="Target">2026-01-31 (past)</td>',
    );
    expect(page).toContain('<td data-title="Writes go">as reads</td>');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).not.toContain('<script');
    // The last one first.
    expect(page.indexOf('too slow')).toBeLessThan(page.indexOf('alert(1)'));
    expect(page).toContain('articles: rollback → legacy <span class="forced">forced</span>');
    // Nothing is loaded from anywhere.
    expect(page).not.toMatch(/(?:src|href)=/);
  });

  test('is one document with --json, and says where it cannot be written', async () => {
    const plan = folders.write({ 'routes/articles.yaml': ROUTE });
    control.route('articles');
    control.entry({});
    const { out } = await fig(['report', '--json'], { admin, plan });
    expect(JSON.parse(out)).toMatchObject({
      routes: [{ route: 'articles' }],
      moved: {},
      lastEntries: [{ seq: 1 }],
    });
    expect(await fig(['report', '--html', '/dev/null/x'], { admin, plan })).toMatchObject({
      code: EXIT.refused,
      err: expect.stringContaining('expected to write /dev/null/x, got ENOTDIR'),
    });
  });
});
