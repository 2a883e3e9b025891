import { readFileSync } from 'node:fs';

/** `0.1.0`, or `0.1.0+BUILD` where BUILD_ID names the build. */
export function programVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return process.env.BUILD_ID ? `${version}+${process.env.BUILD_ID}` : version;
}
