import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Command, Option } from 'commander';
import {
  ACTOR_PATTERN,
  type AccessToken,
  accessTokenDigest,
  formatAccessToken,
  parseAccessTokens,
  RESERVED_ACTORS,
  ROLES,
  type Role,
} from '#plan/model/access-token.ts';
import { parseDuration } from '#plan/model/duration.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { sayTable } from '../screen/table.ts';
import type { Session } from '../session.ts';
import type { Run } from '../verb.ts';

const HEADER = '# Tokens of the admin API: ACTOR ROLE sha256:HEX [until=TIME]. Written by fig token.\n';

type File = { file?: string };

/** `fig token`: who may call the admin API. It works on the token file beside the facade, which reads it by itself. */
export function addToken(program: Command, run: Run): void {
  const token = program
    .command('token')
    .description('list who may call the admin API')
    .option('--file <path>', 'token file (default: FIG_TOKENS_FILE or .fig/tokens)')
    .action(
      run(async (session, options: File) => {
        const { path, tokens } = readTokens(session, options);
        if (session.json) session.answer({ file: path, tokens: tokens.map(shown) });
        else if (tokens.length === 0) session.say(`No tokens in ${path}. Make one: npx fig token add ACTOR`);
        else {
          const rows = tokens
            .map(shown)
            .map((one) => [one.actor, one.role, one.id, one.expiresAt ?? 'never']);
          sayTable(session, ['ACTOR', 'ROLE', 'ID', 'EXPIRES'], rows);
        }
        return EXIT.ok;
      }),
    );
  token
    .command('add')
    .argument('<actor>', 'who it is for; stands in the ledger')
    .description('make a token and print it once')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .option('--ttl <duration>', 'how long it counts, e.g. 20d (default: until it is revoked)')
    .action(
      run(async (session, options: File & { role: Role; ttl?: string }, actor: string) => {
        checkActor(actor);
        const { path, text } = readTokens(session, options);
        const secret = `fig_${randomBytes(32).toString('base64url')}`;
        const made: AccessToken = {
          actor,
          role: options.role,
          digest: accessTokenDigest(secret),
          expiresAt: expiryOf(options.ttl),
        };
        const before = text === '' || text.endsWith('\n') ? text : `${text}\n`;
        replaceFile(path, `${before || HEADER}${formatAccessToken(made)}\n`);
        if (session.json) session.answer({ file: path, ...shown(made), token: secret });
        else {
          session.say(secret);
          const until = made.expiresAt === null ? 'until it is revoked' : `until ${made.expiresAt}`;
          session.note(`${actor} is ${made.role} ${until}. Give it as FIG_TOKEN; it is shown this once.`);
        }
        return EXIT.ok;
      }),
    );
  token
    .command('revoke')
    .argument('<actor>')
    .description('take the tokens of an actor away')
    .option('--id <id>', 'only this one')
    .action(
      run(async (session, options: File & { id?: string }, actor: string) => {
        const { path, text } = readTokens(session, options);
        const kept: string[] = [];
        const revoked: AccessToken[] = [];
        for (const line of text.split('\n')) {
          const [found] = parseAccessTokens(line).tokens;
          const meant = found?.actor === actor && (options.id === undefined || idOf(found) === options.id);
          if (found && meant) revoked.push(found);
          else kept.push(line);
        }
        if (revoked.length === 0) {
          const which = options.id === undefined ? actor : `${actor} with the id ${options.id}`;
          throw new Failure(
            EXIT.refused,
            'CLI_TOKEN_UNKNOWN',
            `${path}: expected a token of ${which}, got none. See: npx fig token`,
          );
        }
        replaceFile(path, kept.join('\n'));
        if (session.json) session.answer({ file: path, revoked: revoked.map(shown) });
        else session.say(`${actor}: ${revoked.length} revoked. It counts from the next call on.`);
        return EXIT.ok;
      }),
    );
}

function readTokens(session: Session, { file }: File) {
  const path = file ?? (session.env.FIG_TOKENS_FILE || '.fig/tokens');
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new Failure(EXIT.refused, 'CLI_TOKEN_FILE', `${path}: ${message}`);
  }
  const { tokens, problems } = parseAccessTokens(text);
  for (const { line, message } of problems) session.note(`${path}:${line}: ignored: ${message}`);
  return { path, text, tokens };
}

// Written aside and renamed: the facade reads the old file or the new one, never half of it.
function replaceFile(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new Failure(EXIT.refused, 'CLI_TOKEN_FILE', `${path}: ${(error as Error).message}`);
  }
}

function checkActor(actor: string): void {
  if (ACTOR_PATTERN.test(actor) && !RESERVED_ACTORS.has(actor)) return;
  throw new Failure(
    EXIT.usage,
    'CLI_USAGE',
    `actor: expected letters, digits and ._@+- (not ${[...RESERVED_ACTORS].join(', ')}), got \`${actor}\`. Write e.g. alice@example.com.`,
  );
}

function expiryOf(ttl: string | undefined): string | null {
  if (ttl === undefined) return null;
  const reading = parseDuration(ttl);
  if (reading.ok && reading.value > 0) return new Date(Date.now() + reading.value).toISOString();
  throw new Failure(
    EXIT.usage,
    'CLI_USAGE',
    `--ttl: expected a duration of at most 24 days, got \`${ttl}\`. Write e.g. 20d.`,
  );
}

const idOf = ({ digest }: AccessToken) => digest.slice(0, 12);
const shown = (token: AccessToken) => ({
  actor: token.actor,
  role: token.role,
  id: idOf(token),
  expiresAt: token.expiresAt,
});
