import { DATA, PLAN, ROUTE } from './plan-folder.ts';

export type BadPlan = {
  readonly name: string;
  readonly files: Record<string, string | Uint8Array | null>;
  readonly env?: Record<string, string>;
  readonly problems: readonly string[];
};

const plan = (text: string) => ({ 'plan.yaml': PLAN + text });
const route = (text: string) => ({ 'routes/articles.yaml': ROUTE + text });
const owned = (data: string) => ({
  'routes/articles.yaml': `${ROUTE}data: { owned: articles }\n`,
  'data/articles.yaml': data,
});
const deep = `a: ${'['.repeat(50_000)}`;
const laughs = `version: 1\na: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`;

/** Every way to get a plan wrong, each with exactly the lines that it is answered with. */
export const BAD_PLANS: readonly BadPlan[] = [
  {
    name: 'a folder without plan.yaml',
    files: { 'plan.yaml': null },
    problems: [
      'plan.yaml: expected a plan file in DIR, got no such file. Create it, or name another folder with --plan DIR.',
    ],
  },
  {
    name: 'an empty plan.yaml',
    files: { 'plan.yaml': '' },
    problems: ['plan.yaml:1: expected a mapping, got an empty value. Write e.g. `version: 1`.'],
  },
  {
    name: 'credentials that would change the framing',
    files: route('credentials: { candidate: { set: { Content-Length: "5" }, remove: [x-ok, host] } }\n'),
    problems: [
      'routes/articles.yaml:4 credentials.candidate.set.Content-Length: expected a header that may be set, got `Content-Length`: the facade sets it itself. Leave it out.',
      'routes/articles.yaml:4 credentials.candidate.remove[1]: expected a header that may be removed, got a string: the facade sets it itself. Leave it out.',
    ],
  },
  {
    name: 'a list as plan.yaml',
    files: { 'plan.yaml': '- version: 1\n' },
    problems: ['plan.yaml:1: expected a mapping, got a list. Write e.g. `version: 1`.'],
  },
  {
    name: 'a plan without version',
    files: { 'plan.yaml': 'publicUrl: http://a\n' },
    problems: [
      'plan.yaml:1 version: expected 1, the version of the plan format that this program reads, got nothing. Write e.g. `version: 1`.',
    ],
  },
  {
    name: 'a version of another format',
    files: { 'plan.yaml': 'version: 2\n' },
    problems: [
      'plan.yaml:1 version: expected 1, the version of the plan format that this program reads, got `2`. Write e.g. `version: 1`.',
    ],
  },
  {
    name: 'text that is not YAML',
    files: { 'plan.yaml': 'version: 1\nlegacy: { url: "http://a\n' },
    problems: ['plan.yaml:3: expected a closing ", got none. Close the quoted text that begins above.'],
  },
  {
    name: 'a list that is not closed',
    files: { 'plan.yaml': 'version: 1\ncohort: [ address\ntimeouts: { connect: 2s }\n' },
    problems: ['plan.yaml:3: expected a closing `]`, got none. Close the `[` that was opened above.'],
  },
  {
    name: 'a mapping that is not closed',
    files: { 'plan.yaml': 'version: 1\ntimeouts: { connect: 2s\nexpose: true\n' },
    problems: ['plan.yaml:3: expected a closing `}`, got none. Close the `{` that was opened above.'],
  },
  {
    name: 'one key out of its column',
    files: { 'plan.yaml': 'version: 1\ntimeouts:\n  connect: 2s\n   idle: 3s\n' },
    problems: [
      'plan.yaml:3: expected one `key: value` a line, its keys in one column, got a key inside of a value. Line them up with spaces.',
    ],
  },
  {
    name: 'a version in quotes',
    files: { 'plan.yaml': 'version: "1"\n' },
    problems: [
      'plan.yaml:1 version: expected 1, the version of the plan format that this program reads, got `"1"`. Write e.g. `version: 1`.',
    ],
  },
  {
    name: 'a dot segment in disguise',
    files: { 'routes/articles.yaml': ROUTE.replace(/match:.*\n/, 'match: [GET /api/%2e%2e/a]\n') },
    problems: [
      'routes/articles.yaml:2 match[0]: expected a path without `.` and `..` segments, got `GET /api/%2e%2e/a`. Write e.g. `/api/articles`.',
    ],
  },
  {
    name: 'a tab as indentation',
    files: { 'plan.yaml': 'version: 1\nlegacy:\n\turl: http://a\n' },
    problems: ['plan.yaml:3: expected spaces as indentation, got a tab. Write two spaces a level.'],
  },
  {
    name: 'bytes that are not UTF-8',
    files: { 'plan.yaml': Uint8Array.of(0x61, 0x0a, 0x62, 0xff, 0x0a) },
    problems: ['plan.yaml:2: expected UTF-8 text, got bytes that are not UTF-8. Save the file as UTF-8.'],
  },
  {
    name: 'UTF-16',
    files: { 'plan.yaml': Uint8Array.of(0xff, 0xfe, 0x61, 0x00) },
    problems: ['plan.yaml:1: expected UTF-8 text, got UTF-16. Save the file as UTF-8.'],
  },
  {
    name: 'a file over 1 MiB',
    files: { 'plan.yaml': `# ${'x'.repeat(1024 * 1024)}` },
    problems: [
      'plan.yaml: expected at most 1 MiB, got 1048578 bytes. Plan files are short: is this the right file?',
    ],
  },
  {
    name: 'two documents in a file',
    files: { 'plan.yaml': 'version: 1\n---\nversion: 1\n' },
    problems: ['plan.yaml:2: expected one document, got a second one after `---`. Write one file for each.'],
  },
  {
    name: 'a tag',
    files: { 'plan.yaml': 'version: !one 1\n' },
    problems: ['plan.yaml:1: expected plain YAML, got a tag (`!…`). Write the value without it.'],
  },
  {
    name: 'an alias without anchor',
    files: { 'plan.yaml': 'version: *one\n' },
    problems: [
      'plan.yaml:1: expected an anchor `&one` above its alias, got none. Write `&one` at the value it stands for.',
    ],
  },
  {
    name: 'aliases that multiply',
    files: { 'plan.yaml': laughs },
    problems: ['plan.yaml:1: expected at most 100 values through aliases, got more. Write the values out.'],
  },
  {
    name: 'values nested without end',
    files: { 'plan.yaml': deep },
    problems: [
      'plan.yaml:1: expected a plan, got values nested too deeply to read. Write at most a few levels.',
    ],
  },
  {
    name: 'a key written twice',
    files: plan('limits: { maxBody: 1MiB, maxBody: 2MiB }\nversion: 1\n'),
    problems: [
      'plan.yaml:5 limits.maxBody: expected each key once, got `maxBody` again (first in line 5). Keep one.',
      'plan.yaml:6 version: expected each key once, got `version` again (first in line 1). Keep one.',
    ],
  },
  {
    name: 'unknown keys, near to known ones and not',
    files: plan('canidates: {}\ntimeouts: { conect: 2s }\nzzz: 1\n__proto__: 1\n'),
    problems: [
      'plan.yaml:5 canidates: expected a known key, got `canidates`. Did you mean `candidates`?',
      'plan.yaml:6 timeouts.conect: expected a known key, got `conect`. Did you mean `connect`?',
      'plan.yaml:7 zzz: expected a known key, got `zzz`. Write one of version, publicUrl, legacy, candidates, cohort, expose, trustedProxies, tls, matching, timeouts, clients, limits, bulkhead, health, redact, notify, relay, up.',
      'plan.yaml:8 __proto__: expected a known key, got `__proto__`. Write one of version, publicUrl, legacy, candidates, cohort, expose, trustedProxies, tls, matching, timeouts, clients, limits, bulkhead, health, redact, notify, relay, up.',
    ],
  },
  {
    name: 'an empty value',
    files: plan('timeouts:\n'),
    problems: [
      'plan.yaml:5 timeouts: expected a mapping, got an empty value. Write e.g. `{ connect: 2s, headers: 30s, idle: 60s }`.',
    ],
  },
  {
    name: 'wrong kinds of value',
    files: plan(
      'timeouts: fast\ncohort: sid\nexpose: yes\nbulkhead: { concurrency: many, queue: -1 }\nup: []\n',
    ),
    problems: [
      'plan.yaml:5 timeouts: expected a mapping, got `fast`. Write e.g. `{ connect: 2s, headers: 30s, idle: 60s }`.',
      'plan.yaml:6 cohort: expected a list with an entry, got `sid`. Write e.g. `[{ cookie: sid }, address]`.',
      'plan.yaml:7 expose: expected `true` or `false`, got `yes`. Write e.g. `true`.',
      'plan.yaml:8 bulkhead.concurrency: expected a whole number, 1 or more, got `many`. Write e.g. `1`.',
      'plan.yaml:8 bulkhead.queue: expected a whole number, 0 or more, got `-1`. Write e.g. `1`.',
      'plan.yaml:9 up: expected a mapping, got an empty list. Write e.g. `legacy: { run: legacy-monolith/main.ts, url: http://127.0.0.1:4101 }`.',
    ],
  },
  {
    name: 'URLs that lead nowhere',
    files: {
      'plan.yaml':
        'version: 1\npublicUrl: localhost:8080\nlegacy: { url: ftp://a }\ncandidates:\n  a: { url: http://a/api }\n  b: { url: http://user:secret@b }\n  c: { url: "http://c?x=1" }\nnotify: { webhook: nowhere }\nrelay: { url: 7 }\n',
    },
    problems: [
      'plan.yaml:2 publicUrl: expected an http or https URL, got `localhost:8080`. Write e.g. `http://127.0.0.1:4101`.',
      'plan.yaml:3 legacy.url: expected an http or https URL, got `ftp://a`. Write e.g. `http://127.0.0.1:4101`.',
      'plan.yaml:5 candidates.a.url: expected a URL without a path (see `rewrite` for paths), got `http://a/api`. Write e.g. `http://a`.',
      'plan.yaml:6 candidates.b.url: expected a URL without user and password, got `http://…@b`. Write e.g. `http://b`.',
      'plan.yaml:7 candidates.c.url: expected a URL without query or fragment, got `http://c?x=1`. Write e.g. `http://c/`.',
      'plan.yaml:8 notify.webhook: expected an http or https URL or `none`, got `nowhere`. Write e.g. `http://127.0.0.1:4101`.',
      'plan.yaml:9 relay.url: expected an http or https URL, got `7`. Write e.g. `http://127.0.0.1:4101`.',
    ],
  },
  {
    name: 'an upstream without URL',
    files: { 'plan.yaml': 'version: 1\nlegacy:\n  build: /version\n' },
    problems: [
      'plan.yaml:2 legacy.url: expected an http or https URL, got nothing. Write e.g. `http://127.0.0.1:4101`.',
    ],
  },
  {
    name: 'a request head that holds nothing',
    files: { 'plan.yaml': `${PLAN}limits: { maxHeader: 0 }\n` },
    problems: ['plan.yaml:5 limits.maxHeader: expected 1KiB or more, got `0`. Write e.g. `16KiB`.'],
  },
  {
    name: 'units that are missing or wrong',
    files: plan(
      'timeouts: { connect: 2, headers: 5 sec, idle: 0 }\nlimits: { maxHeader: 16K, maxBody: 1mb, rate: 100 }\nhealth: { ejectAt: 30, interval: 1.5ms }\nclients: { minRate: 240B }\n',
    ),
    problems: [
      'plan.yaml:5 timeouts.connect: expected a duration (a number and ms, s, m, h or d), got `2`. Write e.g. `5s`.',
      'plan.yaml:5 timeouts.headers: expected a duration (a number and ms, s, m, h or d), got `5 sec`. Write e.g. `5s`.',
      'plan.yaml:5 timeouts.idle: expected a duration above 0, got `0`. Write e.g. `5s`.',
      'plan.yaml:6 limits.maxHeader: expected a size (a number and B, KiB, MiB, GiB, kB, MB or GB), got `16K`. Write e.g. `1MiB`.',
      'plan.yaml:6 limits.maxBody: expected a size (a number and B, KiB, MiB, GiB, kB, MB or GB) or `none`, got `1mb`. Write e.g. `1MiB`.',
      'plan.yaml:6 limits.rate: expected a rate above 0 a second or `none`, got `100`. Write e.g. `100/s`.',
      'plan.yaml:7 health.interval: expected a duration in whole milliseconds, got `1.5ms`. Write e.g. `250ms`.',
      'plan.yaml:7 health.ejectAt: expected a percentage, got `30`. Write e.g. `25%`.',
      'plan.yaml:8 clients.minRate: expected a rate above 0 in bytes a second or `none`, got `240B`. Write e.g. `1KiB/s`.',
    ],
  },
  {
    name: 'percentages out of range',
    files: plan('health: { ejectAt: 130% }\n'),
    problems: [
      'plan.yaml:5 health.ejectAt: expected a percentage from 0 to 100 %, got `130%`. Write e.g. `25%`.',
    ],
  },
  {
    name: 'address blocks that are none',
    files: plan('trustedProxies: [10.0.0.0/33, localhost, "::1/129", 10.0.0.1/8/2]\n'),
    problems: [
      'plan.yaml:5 trustedProxies[0]: expected a prefix length from 0 to 32, got `10.0.0.0/33`. Write e.g. `10.0.0.0/32`.',
      'plan.yaml:5 trustedProxies[1]: expected an address block, got `localhost`. Write e.g. `10.0.0.0/8`.',
      'plan.yaml:5 trustedProxies[2]: expected a prefix length from 0 to 128, got `::1/129`. Write e.g. `::1/128`.',
      'plan.yaml:5 trustedProxies[3]: expected an address block, got `10.0.0.1/8/2`. Write e.g. `10.0.0.0/8`.',
    ],
  },
  {
    name: 'cohort entries that say too little or too much',
    files: plan('cohort: [{ cookie: sid, header: x }, {}, adress, { cookie: "a b" }, 7]\n'),
    problems: [
      'plan.yaml:5 cohort[0]: expected one of `header` and `cookie` in an entry, got a mapping. Write e.g. `cookie: sid`.',
      'plan.yaml:5 cohort[1]: expected one of `header` and `cookie` in an entry, got an empty mapping. Write e.g. `cookie: sid`.',
      'plan.yaml:5 cohort[2]: expected `header: NAME`, `cookie: NAME` or `address`, got `adress`. Write e.g. `cookie: sid`.',
      'plan.yaml:5 cohort[3].cookie: expected a cookie name, got `a b`. Write e.g. `sid`.',
      'plan.yaml:5 cohort[4]: expected `header: NAME`, `cookie: NAME` or `address`, got `7`. Write e.g. `cookie: sid`.',
    ],
  },
  {
    name: 'an empty cohort',
    files: plan('cohort: []\n'),
    problems: [
      'plan.yaml:5 cohort: expected a list with an entry, got an empty list. Write e.g. `[{ cookie: sid }, address]`.',
    ],
  },
  {
    name: 'a certificate without key',
    files: plan('tls: { cert: plan.yaml }\n'),
    problems: ['plan.yaml:5 tls.key: expected a file name, got nothing. Write e.g. `/etc/fig/tls.key`.'],
  },
  {
    name: 'a name that is none',
    files: { 'plan.yaml': 'version: 1\ncandidates:\n  Cat_alog: { url: http://a }\n' },
    problems: [
      'plan.yaml:3 candidates.Cat_alog: expected a name of lower-case letters, digits and `-`, got `Cat_alog`. Write e.g. `articles`.',
    ],
  },
  {
    name: 'a variable that is not set',
    files: plan(`publicUrl: http://\${HOST}\nnotify: { webhook: "\${HOOK" }\n`),
    problems: [
      `plan.yaml:5 publicUrl: expected the environment variable HOST, got none. Set it, or write a default: \`\${HOST:-…}\`.`,
      `plan.yaml:6 notify.webhook: expected \`\${VAR}\` or \`\${VAR:-default}\`, got \`\${HOOK\`. Write e.g. \`\${LEGACY_URL}\`.`,
    ],
  },
  {
    name: 'a bad value from a variable, without showing it',
    files: plan(`relay: { url: "\${RELAY_URL:-http://a}" }\n`),
    env: { RELAY_URL: 'hunter2' },
    problems: [
      `plan.yaml:5 relay.url: expected an http or https URL, got \`\${RELAY_URL:-http://a}\` with RELAY_URL set. Write e.g. \`http://127.0.0.1:4101\`.`,
    ],
  },
  {
    name: 'a bad credential, without showing it',
    files: route(
      'credentials: { shadow: { set: { authorization: [hunter2], "x y": a } }, candidate: { set: { a: "hunter2\\n" } } }\n',
    ),
    problems: [
      `routes/articles.yaml:4 credentials.shadow.set.authorization: expected a header value without line breaks, got a list. Write e.g. \`Bearer \${SHADOW_TOKEN}\`.`,
      'routes/articles.yaml:4 credentials.shadow.set["x y"]: expected a header name, got `x y`. Write e.g. `x-user-id`.',
      `routes/articles.yaml:4 credentials.candidate.set.a: expected a header value without line breaks, got a string. Write e.g. \`Bearer \${SHADOW_TOKEN}\`.`,
    ],
  },
  {
    name: 'a route with nothing in it',
    files: { 'routes/articles.yaml': '{}\n' },
    problems: [
      'routes/articles.yaml:1 route: expected a name of lower-case letters, digits and `-`, got nothing. Write e.g. `articles`.',
      'routes/articles.yaml:1 match: expected a list with an entry, got nothing. Write e.g. `[GET /api/articles]`.',
      'routes/articles.yaml:1 candidate: expected a name of lower-case letters, digits and `-`, got nothing. Write e.g. `catalog`.',
    ],
  },
  {
    name: 'a file that does not end in .yaml',
    files: { 'routes/articles.yml': ROUTE },
    problems: [
      'routes/articles.yml: expected the ending .yaml, got another one. Rename it to articles.yaml.',
    ],
  },
  {
    name: 'an unknown candidate',
    files: { 'routes/articles.yaml': ROUTE.replace('catalog', 'catalogue') },
    problems: [
      'routes/articles.yaml:3 candidate: expected an entry of `candidates` in plan.yaml, got `catalogue`. Did you mean `catalog`?',
    ],
  },
  {
    name: 'a candidate of a plan that has none',
    files: { 'plan.yaml': 'version: 1\n', 'routes/articles.yaml': ROUTE },
    problems: [
      'routes/articles.yaml:3 candidate: expected an entry of `candidates` in plan.yaml, got `catalog`. There is none yet: add it.',
    ],
  },
  {
    name: 'two routes of one name that match the same',
    files: {
      'routes/a.yaml': ROUTE,
      'routes/b.yaml': ROUTE.replace('GET /api/articles', 'GET /API/articles/'),
    },
    problems: [
      'routes/b.yaml:1 route: expected a name of its own, got `articles` as in routes/a.yaml. Write another one.',
      'routes/b.yaml:2 match[0]: expected a method and path that nothing else matches, got `GET /API/articles/` as in routes/a.yaml:2 match[0]. Leave one out.',
    ],
  },
  {
    name: 'patterns that differ in parameter names alone',
    files: { 'routes/a.yaml': 'route: a\nmatch: [GET /a/:id, GET /a/:key]\ncandidate: catalog\n' },
    problems: [
      'routes/a.yaml:2 match[1]: expected a method and path that nothing else matches, got `GET /a/:key` as in line 2. Leave one out.',
    ],
  },
  {
    name: 'matches that are none',
    files: {
      'routes/articles.yaml':
        'route: articles\ncandidate: catalog\nmatch:\n  - api/articles\n  - get /api/articles\n  - GTE /api/articles\n  - GET\n  - GET /a sfe\n  - GET /a?x=1\n  - GET /a//b\n  - GET /a/../b\n  - GET /a/:id(\\d+)\n  - "GET /a/:"\n  - GET /a/*\n  - GET /a/*rest/b\n  - GET /:id/:id\n  - GET /a/{id}\n  - GET /a%2Fb\n  - GET /a%zz\n  - 7\n',
    },
    problems: [
      'routes/articles.yaml:4 match[0]: expected `METHOD /path`, or `/path` for any method, got `api/articles`. Write e.g. `GET /api/articles/:slug`.',
      'routes/articles.yaml:5 match[1]: expected an HTTP method in capitals, got `get /api/articles`. Write e.g. `GET /api/articles`.',
      'routes/articles.yaml:6 match[2]: expected an HTTP method in capitals, got `GTE /api/articles`. Write e.g. `GET /api/articles`.',
      'routes/articles.yaml:7 match[3]: expected `METHOD /path`, or `/path` for any method, got `GET`. Write e.g. `GET /api/articles/:slug`.',
      'routes/articles.yaml:8 match[4]: expected `safe`, `unsafe` or nothing after the path, got `GET /a sfe`. Write e.g. `GET /a safe`.',
      'routes/articles.yaml:9 match[5]: expected a path without query or fragment, got `GET /a?x=1`. Write e.g. `/a`.',
      'routes/articles.yaml:10 match[6]: expected a path without empty segments, got `GET /a//b`. Write e.g. `/a/b`.',
      'routes/articles.yaml:11 match[7]: expected a path without `.` and `..` segments, got `GET /a/../b`. Write e.g. `/api/articles`.',
      'routes/articles.yaml:12 match[8]: expected a name after `:` that fills its segment, got `GET /a/:id(\\d+)`. Write e.g. `/api/articles/:slug`.',
      'routes/articles.yaml:13 match[9]: expected a name after `:` that fills its segment, got `GET /a/:`. Write e.g. `/api/articles/:slug`.',
      'routes/articles.yaml:14 match[10]: expected a name after `*` (one or more segments at the end), got `GET /a/*`. Write e.g. `/api/tags/*rest`.',
      'routes/articles.yaml:15 match[11]: expected `*` only in the last segment, got `GET /a/*rest/b`. Write e.g. `/api/tags/*rest`.',
      'routes/articles.yaml:16 match[12]: expected a different name for each `:` and `*`, got `GET /:id/:id`. Write e.g. `/api/:type/:id`.',
      'routes/articles.yaml:17 match[13]: expected literal segments, `:name` segments and a last `*rest` (no other pattern characters), got `GET /a/{id}`. Write e.g. `/api/articles/:slug`.',
      'routes/articles.yaml:18 match[14]: expected literal segments, `:name` segments and a last `*rest` (no other pattern characters), got `GET /a%2Fb`. Write e.g. `/api/articles/:slug`.',
      'routes/articles.yaml:19 match[15]: expected literal segments, `:name` segments and a last `*rest` (no other pattern characters), got `GET /a%zz`. Write e.g. `/api/articles/:slug`.',
      'routes/articles.yaml:20 match[16]: expected `METHOD /path`, or `/path` for any method, got `7`. Write e.g. `GET /api/articles/:slug`.',
    ],
  },
  {
    name: 'no matches',
    files: { 'routes/articles.yaml': 'route: articles\nmatch: []\ncandidate: catalog\n' },
    problems: [
      'routes/articles.yaml:2 match: expected a list with an entry, got an empty list. Write e.g. `[GET /api/articles]`.',
    ],
  },
  {
    name: 'stages that are none',
    files: route(
      'stages:\n  - legacy\n  - canary\n  - canary 250%\n  - canary 0%\n  - canary 0.001%\n  - canary ten%\n  - done\n  - 5\n',
    ),
    problems: [
      'routes/articles.yaml:5 stages[0]: expected a stage after legacy, which is where every route begins and a rollback ends, got `legacy`. Write e.g. `shadow`.',
      'routes/articles.yaml:6 stages[1]: expected `shadow`, `canary P%`, `candidate` or `retired`, got `canary`. Write e.g. `canary 25%`.',
      'routes/articles.yaml:7 stages[2]: expected a share from 0 to 100 %, got `canary 250%`. Write e.g. `canary 25%`.',
      'routes/articles.yaml:8 stages[3]: expected a share above 0 %, got `canary 0%`. Write e.g. `canary 0.1%`.',
      'routes/articles.yaml:9 stages[4]: expected a share in steps of 0.01 %, got `canary 0.001%`. Write e.g. `canary 0.01%`.',
      'routes/articles.yaml:10 stages[5]: expected a share such as `25%`, got `canary ten%`. Write e.g. `canary 25%`.',
      'routes/articles.yaml:11 stages[6]: expected `shadow`, `canary P%`, `candidate` or `retired`, got `done`. Write e.g. `canary 25%`.',
      'routes/articles.yaml:12 stages[7]: expected `shadow`, `canary P%`, `candidate` or `retired`, got `5`. Write e.g. `canary 25%`.',
    ],
  },
  {
    name: 'stages out of order',
    files: route('stages: [canary 10%, shadow, canary 5%, canary 10%, retired, candidate, canary 50%]\n'),
    problems: [
      'routes/articles.yaml:4 stages[1]: expected `shadow` only as the first stage, got it later. Move it to the front.',
      'routes/articles.yaml:4 stages[2]: expected a share above the one before it (`canary 10%`), got `canary 5%`. Write the shares in rising order.',
      'routes/articles.yaml:4 stages[3]: expected each stage once, got `canary 10%` again. Leave one out.',
      'routes/articles.yaml:4 stages[4]: expected `candidate` before `retired`, got `canary 10%`. Write e.g. `candidate, retired`.',
      'routes/articles.yaml:4 stages[5]: expected shadow, canary, candidate, retired in this order, got `candidate` after `retired`. Move it before `retired`.',
      'routes/articles.yaml:4 stages[6]: expected shadow, canary, candidate, retired in this order, got `canary 50%` after `retired`. Move it before `retired`.',
    ],
  },
  {
    name: 'retired as the only stage',
    files: route('stages: [retired]\n'),
    problems: [
      'routes/articles.yaml:4 stages[0]: expected `candidate` before `retired`, got nothing. Write e.g. `candidate, retired`.',
    ],
  },
  {
    name: 'no stages',
    files: route('stages: []\n'),
    problems: [
      'routes/articles.yaml:4 stages: expected a list with an entry, got an empty list. Write e.g. `[shadow, canary 10%, candidate]`.',
    ],
  },
  {
    name: 'dependencies that are not there or wait for each other',
    files: {
      'routes/a.yaml': 'route: a\nmatch: [/a]\ncandidate: catalog\ndependsOn: [b, x]\n',
      'routes/b.yaml': 'route: b\nmatch: [/b]\ncandidate: catalog\ndependsOn: [a]\n',
      'routes/c.yaml': 'route: c\nmatch: [/c]\ncandidate: catalog\ndependsOn: [c]\n',
    },
    problems: [
      'routes/a.yaml:4 dependsOn[1]: expected the name of a route, got `x`. Write one of a, b, c.',
      'routes/b.yaml:4 dependsOn[0]: expected no circle of dependencies, got a → b → a. Leave one of them out.',
      'routes/c.yaml:4 dependsOn[0]: expected no circle of dependencies, got c → c. Leave one of them out.',
    ],
  },
  {
    name: 'dates that are none',
    files: route('targetDate: 2027-02-30\n'),
    problems: [
      'routes/articles.yaml:4 targetDate: expected a calendar date (YYYY-MM-DD), got `2027-02-30`. Write e.g. `2027-03-01`.',
    ],
  },
  {
    name: 'data that is none',
    files: route('data: owned\n'),
    problems: [
      'routes/articles.yaml:4 data: expected `none`, `shared` or `{ owned: SET }`, got `owned`. Write e.g. `{ owned: articles }`.',
    ],
  },
  {
    name: 'data with an unknown key',
    files: route('data: { owns: articles }\n'),
    problems: [
      'routes/articles.yaml:4 data.owned: expected a name of lower-case letters, digits and `-`, got nothing. Write e.g. `articles`.',
      'routes/articles.yaml:4 data.owns: expected a known key, got `owns`. Write one of owned.',
    ],
  },
  {
    name: 'a data set that is not there',
    files: {
      'routes/articles.yaml': `${ROUTE}data: { owned: articles }\n`,
      'data/artcles.yaml': DATA.replace('set: articles', 'set: artcles').replace('[articles]', '[]'),
    },
    problems: [
      'data/artcles.yaml:5 routes: expected a list with an entry, got an empty list. Write e.g. `[articles]`.',
      'routes/articles.yaml:4 data.owned: expected a data set with a file data/articles.yaml, got none. Did you mean `artcles`?',
    ],
  },
  {
    name: 'a data set that does not know its route',
    files: {
      ...owned(DATA.replace('[articles]', '[other]')),
      'routes/other.yaml': 'route: other\nmatch: [/other]\ncandidate: catalog\n',
    },
    problems: [
      'data/articles.yaml:5 routes: expected `articles` among the routes (routes/articles.yaml writes this set), got no such entry. Add `articles`.',
    ],
  },
  {
    name: 'a data set of an unknown route and another name',
    files: owned(DATA.replace('set: articles', 'set: items').replace('[articles]', '[articles, artikel]')),
    problems: [
      'data/articles.yaml:1 set: expected the name of the file, got `items`. Write `articles`, or rename the file.',
      'data/articles.yaml:5 routes[1]: expected the name of a route, got `artikel`. Write one of articles.',
    ],
  },
  {
    name: 'other writers of a data set that are none',
    files: owned(
      `${DATA}requests: [/, PUSH /x, { request: POST /x, state: gone }, 5]\njobs: [{ name: nightly }, { job: nightly }, "a b"]\n`,
    ),
    problems: [
      'data/articles.yaml:6 requests[1]: expected `METHOD /path` or `{ request, state }`, got `PUSH /x`. Write e.g. `{ request: POST /api/issues/run, state: stopped }`.',
      'data/articles.yaml:6 requests[2].state: expected one of `running`, `stopped`, `moved`, got `gone`. Write e.g. `running`.',
      'data/articles.yaml:6 requests[3]: expected `METHOD /path` or `{ request, state }`, got `5`. Write e.g. `{ request: POST /api/issues/run, state: stopped }`.',
      'data/articles.yaml:7 jobs[1].name: expected a job, got nothing. Write e.g. `nightly-close`.',
      'data/articles.yaml:7 jobs[1].job: expected a known key, got `job`. Write one of name, state.',
    ],
  },
  {
    name: 'a translator that is not there',
    files: owned(DATA.replace('translators/articles.ts', 'translators/nothing.ts')),
    problems: [
      'data/articles.yaml:4 translator: expected a file relative to the folder that holds the plan folder, got `translators/nothing.ts`, which is not there. Create it, or correct the path.',
    ],
  },
  {
    name: 'tables without key',
    files: owned(DATA.replace('key: art_id', 'kee: art_id')),
    problems: [
      'data/articles.yaml:3 tables[0].key: expected a column name, got nothing. Write e.g. `art_id`.',
      'data/articles.yaml:3 tables[0].kee: expected a known key, got `kee`. Did you mean `key`?',
    ],
  },
  {
    name: 'comparison rules that are wrong',
    files: route(
      'compare:\n  ignore: [updatedAt, "$.a[0]"]\n  unordered: ["tags", { path: "$.a", kye: slug }]\n  tolerance: { price: 0.01, "$.a": -1 }\n  equivalent: [{ path: "$.id", as: text }]\n  headers: ["x y"]\n',
    ),
    problems: [
      'routes/articles.yaml:5 compare.ignore[0]: expected a JSON path of names and `[*]` that begins with `$`, got `updatedAt`. Write e.g. `$.updatedAt`.',
      'routes/articles.yaml:5 compare.ignore[1]: expected a JSON path of names and `[*]` that begins with `$`, got `$.a[0]`. Write e.g. `$.updatedAt`.',
      'routes/articles.yaml:6 compare.unordered[0]: expected a JSON path or `{ path, key }`, got `tags`. Write e.g. `{ path: "$.articles", key: slug }`.',
      'routes/articles.yaml:6 compare.unordered[1].kye: expected a known key, got `kye`. Did you mean `key`?',
      'routes/articles.yaml:7 compare.tolerance.price: expected a JSON path of names and `[*]` that begins with `$`, got `price`. Write e.g. `$.price`.',
      'routes/articles.yaml:7 compare.tolerance["$.a"]: expected a number, 0 or more, got `-1`. Write e.g. `0.01`.',
      'routes/articles.yaml:8 compare.equivalent[0].as: expected one of `string`, `number`, `boolean`, `date`, got `text`. Write e.g. `string`.',
      'routes/articles.yaml:9 compare.headers[0]: expected a header name, got `x y`. Write e.g. `x-user-id`.',
    ],
  },
  {
    name: 'guardrails that are wrong',
    files: route(
      'guardrails: { mismatch: { max: 0.1 }, errors: {}, p99: { maxRatio: 0 }, onBreach: stop, minimum: 0 }\nshadow: { writes: on, sample: 101% }\nfallback: candidate\n',
    ),
    problems: [
      'routes/articles.yaml:4 guardrails.mismatch.max: expected a percentage, got `0.1`. Write e.g. `25%`.',
      'routes/articles.yaml:4 guardrails.errors.maxIncrease: expected a percentage, got nothing. Write e.g. `25%`.',
      'routes/articles.yaml:4 guardrails.p99.maxRatio: expected a number above 0, got `0`. Write e.g. `1.2`.',
      'routes/articles.yaml:4 guardrails.minimum: expected a whole number, 1 or more, got `0`. Write e.g. `1`.',
      'routes/articles.yaml:4 guardrails.onBreach: expected one of `rollback`, `step-back`, `pause`, got `stop`. Write e.g. `rollback`.',
      'routes/articles.yaml:5 shadow.sample: expected a percentage from 0 to 100 %, got `101%`. Write e.g. `25%`.',
      'routes/articles.yaml:5 shadow.writes: expected one of `off`, `dry-run`, got `on`. Write e.g. `off`.',
      'routes/articles.yaml:6 fallback: expected one of `legacy`, `none`, got `candidate`. Write e.g. `legacy`.',
    ],
  },
  {
    name: 'answers that name a build, and nowhere to read which one runs',
    files: {
      'plan.yaml':
        'version: 1\ncandidates:\n  catalog: { url: http://127.0.0.1:4102, buildHeader: X-Build }\n',
    },
    problems: [
      'plan.yaml:3 candidates.catalog.buildHeader: expected `build` beside it, got `X-Build` alone. Write e.g. `build: /version`.',
    ],
  },
  {
    name: 'two processes at one address',
    files: plan(
      'up:\n  a: { run: translators/articles.ts, url: http://127.0.0.1:4101 }\n  b: { run: translators/articles.ts, url: "http://127.0.0.1:4101/" }\n',
    ),
    problems: [
      'plan.yaml:7 up.b.url: expected an address of its own, got `http://127.0.0.1:4101/`, where `a` listens. Write another port.',
    ],
  },
];
