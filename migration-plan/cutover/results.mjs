// A Jest reporter: a JSON line for each test that ran, with the project that it ran in. Jest's own results do not say that.
import { appendFileSync } from 'node:fs';

// biome-ignore lint/style/noDefaultExport: Jest asks for it
export default class Results {
  #output;

  constructor(_config, { output }) {
    this.#output = output;
  }

  onTestResult({ path, context }, { testResults, failureMessage }) {
    const copy = context.config.displayName.name;
    const ran = testResults.filter(({ status }) => status === 'passed' || status === 'failed');
    // One that does not even load has found nothing.
    const lines =
      testResults.length === 0
        ? [{ copy, path, error: failureMessage }]
        : ran.map(({ fullName, status }) => ({ copy, path, title: fullName, passed: status === 'passed' }));
    for (const line of lines) appendFileSync(this.#output, `${JSON.stringify(line)}\n`);
  }
}
