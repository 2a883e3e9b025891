import { expect, test } from '@jest/globals';
import { ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { EXIT } from '../exit-code.ts';
import { folders } from '../test-kit/control-plane.ts';
import { fig } from '../test-kit/terminal.ts';

test('to a legacy that the plan does not have asks for its address', async () => {
  const plan = folders.write({
    'plan.yaml': 'version: 1\ncandidates: { catalog: { url: "http://127.0.0.1:1" } }\n',
    'routes/articles.yaml': ROUTE,
  });
  expect(await fig(['replay', 'any.ndjson', '--to', 'legacy'], { plan })).toMatchObject({
    code: EXIT.usage,
    err: 'error: --url: expected a URL, as the plan has no legacy, got `none`. Write e.g. `--url http://127.0.0.1:4101`.\n',
  });
});
