import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stateFolder } from '#plan/model/state-folder.ts';
import { type PostgresAddress, postgresAddress } from './adapters/postgres-link.ts';

export type Settings = {
  readonly planDir: string;
  readonly host: string;
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort: number;
  /** Further Host names that the admin port accepts. */
  readonly adminHosts: readonly string[];
  readonly ledger:
    | { readonly kind: 'memory' }
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'postgres'; readonly address: PostgresAddress };
  /** Folder of the instance's own state; null keeps it beside a file ledger, or nowhere. */
  readonly stateDir: string | null;
  /** Null: one is made and kept in a file. */
  readonly adminToken: string | null;
  /** Where the tokens of all other actors stand. */
  readonly tokensFile: string;
  /** What the relay asks its callers for; null when the relay is not asked. */
  readonly relayToken: string | null;
  /** Signs cohort cookies and pins; the same for all replicas. Null: this instance keeps one of its own. */
  readonly secret: string | null;
  /** Signs notices to the webhook of the plan. Null: this instance keeps one of its own. */
  readonly webhookSecret: string | null;
  /** Processes that serve the public port; 1: this one does. */
  readonly workers: number;
  /** Signs dry runs; null: writes are never copied. */
  readonly dryRunSecret: string | null;
  /** One log line for each request. */
  readonly accessLog: boolean;
  /** Place in a change of owners where this process is to die or wait, for crash tests; null for none. */
  readonly failpoint: string | null;
};

const USAGE =
  'facade --plan DIR [--port 8080] [--admin-port 8081] [--ledger memory:|file:PATH|postgres://…] [--state DIR] [--workers N] [--access-log on|off]';

/** Something wrong with flags or environment: the message is one line for people. */
export class SettingsError extends Error {}

const OPTIONS = {
  plan: { type: 'string' },
  port: { type: 'string' },
  'admin-port': { type: 'string' },
  ledger: { type: 'string' },
  state: { type: 'string' },
  workers: { type: 'string' },
  'access-log': { type: 'string' },
} as const;

/**
 * Settings from flags, then environment (PORT, HOST, ADMIN_PORT, ADMIN_HOST, FIG_ADMIN_HOSTS, FIG_ADMIN_TOKEN,
 * FIG_TOKENS_FILE, FIG_SECRET, FIG_WEBHOOK_SECRET, RELAY_TOKEN), then defaults. Port 0 picks a free one. Throws `SettingsError`.
 */
export function readSettings(args: string[], env: NodeJS.ProcessEnv, platform = process.platform): Settings {
  const flags = parseFlags(args);
  if (flags.plan === undefined)
    throw new SettingsError(`--plan: expected a plan folder, got nothing. ${USAGE}`);
  return {
    planDir: flags.plan,
    host: env.HOST || '127.0.0.1',
    port: readPort(flags.port, '--port', env.PORT, 'PORT', 8080),
    adminHost: env.ADMIN_HOST || '127.0.0.1',
    adminPort: readPort(flags['admin-port'], '--admin-port', env.ADMIN_PORT, 'ADMIN_PORT', 8081),
    adminHosts: (env.FIG_ADMIN_HOSTS ?? '').split(',').flatMap((host) => host.trim() || []),
    ledger: readLedger(flags.ledger ?? `file:${join(stateFolder(flags.plan), 'ledger.jsonl')}`),
    stateDir: flags.state ?? null,
    adminToken: readToken(env.FIG_ADMIN_TOKEN, 'FIG_ADMIN_TOKEN'),
    tokensFile: env.FIG_TOKENS_FILE || '.fig/tokens',
    relayToken: readToken(env.RELAY_TOKEN, 'RELAY_TOKEN'),
    secret: readSecret(env.FIG_SECRET, 'FIG_SECRET'),
    webhookSecret: readSecret(env.FIG_WEBHOOK_SECRET, 'FIG_WEBHOOK_SECRET'),
    dryRunSecret: readSecret(env.DRY_RUN_SECRET, 'DRY_RUN_SECRET'),
    workers: readWorkers(flags.workers ?? '1', platform),
    accessLog: readSwitch(flags['access-log'] ?? 'on', '--access-log'),
    failpoint: env.FIG_FAILPOINT || null,
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

/** Reads the value of `--ledger`. Throws `SettingsError`. */
export function readLedger(text: string): Settings['ledger'] {
  if (text === 'memory:') return { kind: 'memory' };
  if (text.startsWith('file:') && text.length > 'file:'.length) return { kind: 'file', path: text.slice(5) };
  const address = postgresAddress(text);
  if (address) return { kind: 'postgres', address };
  // SECURITY: a URL that cannot be read may hold a password anywhere.
  const got = text.includes('//') || text.includes('@') ? `${text.split(':')[0]}:…` : text;
  throw new SettingsError(
    `--ledger: expected memory:, file:PATH or postgres://USER@HOST/DATABASE, got ${got}. Give e.g. --ledger file:.fig/ledger.jsonl.`,
  );
}

const MIN_SECRET_CHARACTERS = 16;

function readSecret(secret: string | undefined, name: string): string | null {
  if (secret === undefined || secret === '') return null;
  if (secret.length >= MIN_SECRET_CHARACTERS) return secret;
  throw new SettingsError(
    `${name}: expected at least ${MIN_SECRET_CHARACTERS} characters, got ${secret.length}. Make one: openssl rand -base64 32.`,
  );
}

const MAX_WORKERS = 256;
/** Where several processes can share a port and the system spreads connections over them (SO_REUSEPORT). */
const SHARED_PORTS: readonly string[] = ['linux', 'freebsd'];

function readWorkers(text: string, platform: string): number {
  const workers = Number(text);
  if (!/^\d+$/.test(text) || workers < 1 || workers > MAX_WORKERS)
    throw new SettingsError(
      `--workers: expected a whole number from 1 to ${MAX_WORKERS}, got ${text}. Give e.g. --workers 2, one for each core.`,
    );
  if (workers > 1 && !SHARED_PORTS.includes(platform))
    throw new SettingsError(
      `--workers: expected 1 on ${platform}, where processes cannot share a port, got ${text}. Leave it out.`,
    );
  return workers;
}

function readSwitch(text: string, flag: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new SettingsError(`${flag}: expected on or off, got ${text}. Give e.g. ${flag} off.`);
}

function readToken(token: string | undefined, name: string): string | null {
  if (token === undefined || token === '') return null;
  if (/^\S+$/.test(token)) return token;
  throw new SettingsError(`${name}: expected a token without blanks, got one with blanks. Choose another.`);
}
