import type { Command } from 'commander';
import { diagnose, type Finding } from '../doctor/diagnose.ts';
import { EXIT } from '../exit-code.ts';
import { painter, type Tone } from '../screen/paint.ts';
import type { Run } from '../verb.ts';

const TONES: Record<Finding['verdict'], Tone> = { ok: 'green', warn: 'yellow', fail: 'red' };

/** `fig doctor`: is everything in place, and what to do where it is not. */
export function addDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('check node, plan, processes, tokens and ports, and say what to do')
    .action(
      run(async (session) => {
        const findings = await diagnose(session);
        const failed = findings.filter((finding) => finding.verdict === 'fail').length;
        if (session.json) session.answer({ ok: failed === 0, checks: findings });
        else {
          const paint = painter(session.streams.stdout, session.env);
          const room = Math.max(...findings.map((finding) => finding.check.length));
          for (const finding of findings) {
            const advice = finding.todo === null ? '' : ` ${finding.todo}`;
            const verdict = paint(TONES[finding.verdict], finding.verdict.padEnd(4));
            session.say(`${verdict}  ${finding.check.padEnd(room)}  ${finding.found}${advice}`);
          }
        }
        return failed === 0 ? EXIT.ok : EXIT.refused;
      }),
    );
}
