import { parseArgs } from 'node:util';

export type Settings = {
  readonly planDir: string;
  readonly host: string;
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort: number;
  /** Further Host names that the admin port accepts. */
  readonly adminHosts: readonly string[];
  readonly ledger: { readonly kind: 'memory' } | { readonly kind: 'file'; readonly path: string };
  /** Folder of the instance's own state; null keeps it beside a file ledger, or nowhere. */
  readonly stateDir: string | null;
  /** Null: one is made and kept in a file. */
  readonly adminToken: string | null;
  /** What the relay asks its callers for; null when the relay is not asked. */
  readonly relayToken: string | null;
};

const USAGE =
  'facade --plan DIR [--port 8080] [--admin-port 8081] [--ledger memory:|file:PATH] [--state DIR]';

/** Something wrong with flags or environment: the message is one line for people. */
export class SettingsError extends Error {}

const OPTIONS = {
  plan: { type: 'string' },
  port: { type: 'string' },
  'admin-port': { type: 'string' },
  ledger: { type: 'string' },
  state: { type: 'string' },
  workers: { type: 'string' },
} as const;

/**
 * Settings from flags, then environment (PORT, HOST, ADMIN_PORT, ADMIN_HOST, FIG_ADMIN_HOSTS, FIG_ADMIN_TOKEN, RELAY_TOKEN), then
 * defaults. Port 0 picks a free one. Throws `SettingsError`.
 */
export function readSettings(args: string[], env: NodeJS.ProcessEnv): Settings {
  const flags = parseFlags(args);
  if (flags.plan === undefined)
    throw new SettingsError(`--plan: expected a plan folder, got nothing. ${USAGE}`);
  if (flags.workers !== undefined && flags.workers !== '1')
    throw new SettingsError(
      `--workers: expected 1, got ${flags.workers}. Several workers are not possible yet: leave it out, or run more processes with a ledger each.`,
    );
  return {
    planDir: flags.plan,
    host: env.HOST || '127.0.0.1',
    port: readPort(flags.port, '--port', env.PORT, 'PORT', 8080),
    adminHost: env.ADMIN_HOST || '127.0.0.1',
    adminPort: readPort(flags['admin-port'], '--admin-port', env.ADMIN_PORT, 'ADMIN_PORT', 8081),
    adminHosts: (env.FIG_ADMIN_HOSTS ?? '').split(',').flatMap((host) => host.trim() || []),
    ledger: readLedger(flags.ledger ?? 'file:.fig/ledger.jsonl'),
    stateDir: flags.state ?? null,
    adminToken: readToken(env.FIG_ADMIN_TOKEN, 'FIG_ADMIN_TOKEN'),
    relayToken: readToken(env.RELAY_TOKEN, 'RELAY_TOKEN'),
  };
}

function parseFlags(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new SettingsError(`${(error as Error).message.split('. ')[0]}. Usage: ${USAGE}`);
  }
}

function readPort(
  flag: string | undefined,
  name: string,
  env: string | undefined,
  variable: string,
  or: number,
) {
  const [text, where] = flag === undefined ? [env || String(or), variable] : [flag, name];
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new SettingsError(`${where}: expected a port from 0 to 65535, got ${text}. Give e.g. ${name} ${or}.`);
}

function readLedger(text: string): Settings['ledger'] {
  if (text === 'memory:') return { kind: 'memory' };
  if (text.startsWith('file:') && text.length > 'file:'.length) return { kind: 'file', path: text.slice(5) };
  const got = text.replace(/\/\/[^@/]*@/, '//…@');
  throw new SettingsError(
    `--ledger: expected memory: or file:PATH, got ${got}. These two are possible today; give e.g. --ledger file:.fig/ledger.jsonl.`,
  );
}

function readToken(token: string | undefined, name: string): string | null {
  if (token === undefined || token === '') return null;
  if (/^\S+$/.test(token)) return token;
  throw new SettingsError(`${name}: expected a token without blanks, got one with blanks. Choose another.`);
}
