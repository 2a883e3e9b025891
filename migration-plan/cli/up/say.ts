/** One line about what happens, to the terminal of the person who started it. */
export function say(line: string): void {
  process.stderr.write(`fig up: ${line}\n`);
}
