// A worker that redacts texts made of one part over and over, in each way there is, and says what each took of its thread.
import { parentPort, workerData } from 'node:worker_threads';
import { compileRedaction, Redactor } from '../core/redact/redactor.ts';

const { parts, length, redact } = workerData as {
  parts: readonly string[];
  length: number;
  redact: Parameters<typeof compileRedaction>[0];
};
const rules = compileRedaction(redact);

for (const part of parts) {
  const before = process.threadCpuUsage();
  const text = part.repeat(Math.ceil(length / part.length)).slice(0, length);
  new Redactor(rules).text(text);
  new Redactor(rules).json(text);
  new Redactor(rules).json(`"${text}`);
  new Redactor(rules).url(text);
  new Redactor(rules).header('cookie', text);
  new Redactor(rules).header('authorization', text);
  new Redactor(rules).body(text, 'application/x-www-form-urlencoded');
  for (const type of ['text/plain', 'application/json', 'application/x-www-form-urlencoded'])
    new Redactor(rules).learn(text, type);
  const { user, system } = process.threadCpuUsage(before);
  parentPort?.postMessage({ part, cpuMs: (user + system) / 1000 });
}
