import { existsSync } from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * The browser of this machine: what `FIG_CHROMIUM` names, else a usual place; null when there is none. Throws instead
 * with `FIG_REQUIRE_BROWSER=1`.
 */
export function findChromium(env: NodeJS.ProcessEnv): string | null {
  const found = (env.FIG_CHROMIUM ? [env.FIG_CHROMIUM] : PLACES).find((file) => existsSync(file));
  if (found === undefined && env.FIG_REQUIRE_BROWSER === '1')
    throw new Error(
      'FIG_REQUIRE_BROWSER=1: expected a Chromium, got none. Install chromium, or name it by FIG_CHROMIUM',
    );
  return found ?? null;
}

/** Flags for a browser that knows one host only, at `port` of this machine, and asks nobody else for anything. */
export function flagsFor(host: string, port: string): string[] {
  return [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable',
    `--host-resolver-rules=MAP ${host} 127.0.0.1:${port}, MAP * ~NOTFOUND`,
  ];
}
