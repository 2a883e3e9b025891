// Reads `+PID` and `-PID` from whoever started it, and ends what is left on that list when the pipe ends; see leash.ts.
import { createInterface } from 'node:readline';

/** Those who do not end when they are asked to are ended after this. */
const PATIENCE_MS = 5_000;

const pids = new Set<number>();
for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) pids.add(pid);
  else pids.delete(pid);
}
const end = (signal: NodeJS.Signals) => {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch {
      pids.delete(pid);
    }
};
end('SIGTERM');
if (pids.size > 0) setTimeout(() => end('SIGKILL'), PATIENCE_MS);
