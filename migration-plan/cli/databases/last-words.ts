/** Node's mark beneath the line that threw; the message follows. */
const THROWN = /^\s*\^+\s*$/;
const FRAME = /^\s+at /;
const CAUSE = /\[cause\]: (.*?)\s*\{?$/;
const MAX_LINES = 5;
const ERROR_LEVEL = 50;

/**
 * Why a process ended, of what it wrote: the message of an error that nobody caught, with its causes, though frames and
 * properties stand behind it; else the last error of a log in JSON; else its last `count` lines.
 */
export function lastWords(written: string, count: number): string {
  const lines = written.trimEnd().split('\n');
  const said = lines.map((line) => line.trim()).filter((line) => line !== '');
  return uncaught(lines) ?? loggedError(said) ?? (said.slice(-count).join('\n') || '(no output)');
}

function uncaught(lines: readonly string[]): string | null {
  if (!/^Node\.js v\d/.test(lines.at(-1) ?? '')) return null;
  const block = lines.slice(lines.findLastIndex((line) => THROWN.test(line)) + 1, -1);
  const end = block.findIndex((line) => FRAME.test(line));
  const message = block
    .slice(0, end === -1 ? MAX_LINES : end)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(0, MAX_LINES)
    .join('\n');
  const causes = block.flatMap((line) => CAUSE.exec(line)?.[1] ?? []);
  return message === '' ? null : [message, ...causes].join('\nbecause of ');
}

function loggedError(said: readonly string[]): string | null {
  for (const line of said.toReversed()) {
    const { level, msg, err } = parsed(line);
    if (typeof level === 'number' && level >= ERROR_LEVEL)
      return [msg, err?.message].filter((text) => typeof text === 'string').join(': ') || line;
  }
  return null;
}

function parsed(line: string): { level?: unknown; msg?: unknown; err?: { message?: unknown } } {
  try {
    return Object(JSON.parse(line));
  } catch {
    return {};
  }
}
