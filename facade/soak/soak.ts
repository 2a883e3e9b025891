// `npm run soak -- facade`: a facade at full load while routes move, plans are reloaded and upstreams restart; with
// `--body SIZE`, bodies of that size through it and nothing else.
import { parseArgs } from 'node:util';
import { parseSize } from '#plan/model/size.ts';
import { carryLargeBodies } from './large-bodies.ts';
import { formatCarried, formatReport } from './report.ts';
import { runSoak } from './run-soak.ts';

const USAGE = 'npm run soak -- facade [--minutes 30] [--workers 1] | --body 10GB';
const PAUSE_MS = 1_000;

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    workers: { type: 'string', default: '1' },
    body: { type: 'string' },
  },
});
if (flags.body !== undefined) {
  const size = parseSize(flags.body);
  if (!size.ok || size.value === 0) refuse(`expected a size above 0, got --body ${flags.body}`);
  else end(await carryLargeBodies(size.value), formatCarried);
}
const minutes = Number(flags.minutes);
const workers = Number(flags.workers);
if (!(minutes > 0) || !Number.isInteger(workers) || workers < 1)
  refuse(`expected numbers above 0, got --minutes ${flags.minutes} --workers ${flags.workers}`);
end(
  await runSoak({
    ms: minutes * 60_000,
    workers,
    pauseMs: PAUSE_MS,
    say: (line) => process.stderr.write(`soak: ${line}\n`),
  }),
  formatReport,
);

function refuse(problem: string): never {
  process.stderr.write(`${problem}. ${USAGE}\n`);
  process.exit(2);
}

function end<T extends { failures: readonly string[] }>(report: T, format: (report: T) => string): never {
  process.stdout.write(`\n${format(report)}`);
  process.exit(report.failures.length === 0 ? 0 : 1);
}
