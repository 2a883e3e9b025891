import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileRedaction, Redactor } from './redactor.ts';

const planned = { headers: ['authorization', 'cookie', 'x-tenant'], json: ['$..taxId', '$.cards[*].holder'] };
const rules = compileRedaction(planned);
const redactor = () => new Redactor(rules);

const jwt =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkoifQ.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';
const base64 = (length: number) => 'aB3+/xYz'.repeat(20).slice(0, length);
const letters = (length: number) => 'a1B2c3D4e5F6g7H8'.repeat(20).slice(0, length);
// Written in parts, so that scanners of repositories do not take the examples for leaks.
const key = (...parts: string[]) => parts.join('');

/** Secrets that are told by their form alone, wherever they stand. */
const byForm: readonly (readonly [kind: string, secret: string])[] = [
  ['jwt', jwt],
  ['jwt', `${jwt.split('.').slice(0, 2).join('.')}.`],
  ['card', '4111111111111111'],
  ['card', '5555 5555 5555 4444'],
  ['card', '3782-822463-10005'],
  ['card', '6011000990139424'],
  ['card', '6011\u00a01111\u00a01111\u00a01117'],
  ['card', '4111\u202f1111\u202f1111\u202f1111'],
  ['card', '4111.1111.1111.1111'],
  ['card', '3782.822463.10005'],
  ['iban', 'DE89370400440532013000'],
  ['iban', 'GB29 NWBK 6016 1331 9268 19'],
  ['email', 'jane.doe+test@mail.example.com'],
  ['email', 'jürgen@bücher.example'],
  ['aws', key('AKIA', 'IOSFODNN7EXAMPLE')],
  ['gcp', key('AIza', letters(35))],
  ['gcp', key('ya29.', letters(60))],
  ['gcp', key('GOCSPX-', letters(28))],
  ['azure', `${base64(86)}==`],
  ['azure', key('a.B', '8Q~', letters(20), '~-.', letters(10))],
  ['github', key('ghp_', letters(36))],
  ['github', key('github_pat_', letters(22), '_', letters(59))],
  ['gitlab', key('glpat-', letters(20))],
  ['slack', key('xoxb-', '123456789012-1234567890123-', letters(24))],
  ['stripe', key('sk_live_', letters(24))],
  ['stripe', key('whsec_', letters(32))],
  ['npm', key('npm_', letters(36))],
  ['sendgrid', key('SG.', letters(22), '.', letters(43))],
  ['twilio', key('SK', '0123456789abcdef0123456789abcdef')],
  ['pypi', key('pypi-', letters(60))],
  ['api-key', key('sk-', 'proj-', letters(40))],
  ['shopify', key('shpat_', '0123456789abcdef0123456789abcdef')],
  ['digitalocean', key('dop_v1_', '0123456789abcdef'.repeat(4))],
  ['hugging-face', key('hf_', letters(34))],
  ['databricks', key('dapi', '0123456789abcdef0123456789abcdef')],
  ['databricks', key('dapi', '0123456789abcdef0123456789abcdef-2')],
  ['alibaba', key('LTAI', '5t', letters(18))],
  ['vault', key('hvs.', letters(30))],
  ['private-key', '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nx==\n-----END RSA PRIVATE KEY-----'],
];

/** Where a secret may stand, and how it comes out. */
const places: readonly (readonly [name: string, redact: (secret: string) => string])[] = [
  ['text', (secret) => redactor().text(`before ${secret} after`)],
  ['the end of a text', (secret) => redactor().text(secret)],
  [
    'a JSON value',
    (secret) => redactor().body(JSON.stringify({ a: [{ note: secret }] }), 'application/json'),
  ],
  ['a JSON name', (secret) => redactor().body(JSON.stringify({ [secret]: 1 }), 'application/problem+json')],
  ['JSON within JSON', (secret) => redactor().json(JSON.stringify(JSON.stringify({ note: secret })))],
  [
    'a form',
    (secret) =>
      decodeURIComponent(
        redactor().body(`a=1&note=${encodeURIComponent(secret)}&b=`, 'application/x-www-form-urlencoded'),
      ),
  ],
  [
    'a query',
    (secret) => decodeURIComponent(redactor().url(`/api/x?note=${encodeURIComponent(secret)}&size=3`)),
  ],
  [
    'a path',
    (secret) => decodeURIComponent(redactor().url(`/api/users/${encodeURIComponent(secret)}/orders`)),
  ],
  [
    'a fragment',
    (secret) => decodeURIComponent(redactor().url(`https://a.example/x#note=${encodeURIComponent(secret)}`)),
  ],
  ['a header', (secret) => redactor().header('x-note', secret)],
  ['HTML', (secret) => redactor().body(`<p>Dear <b>${secret}</b>,</p>`, 'text/html; charset=utf-8')],
];

describe('what is a secret by its form', () => {
  it.each(byForm)('%s: %s', (kind, secret) => {
    for (const [name, redact] of places) {
      const found = redact(secret);
      expect([name, found]).toEqual([name, expect.stringContaining(`REDACTED-${kind}-1-`)]);
      expect([name, found]).toEqual([name, expect.not.stringContaining(secret)]);
    }
  });

  it.each([
    '5 4111111111111111',
    '4111 1111 1111 1111 12 28 123',
    '12345-4111-1111-1111-1111',
    '1 2 3 4 3782-822463-10005 6',
  ])('a card number beside other numbers: %s', (text) => {
    expect(redactor().text(text)).toMatch(/REDACTED-card-1-(?:16|32)/);
    expect(redactor().text(text)).not.toMatch(/1111|8224/);
  });

  it('is found next to anything', () => {
    const around = [...' "\'()<>,;:=[]{}|`&?!*#\n\t', '. '];
    for (const [, secret] of byForm) {
      for (const before of around) {
        for (const after of around) {
          const text = `word${before}${secret}${after}word`;
          expect([text, redactor().text(text)]).toEqual([text, expect.not.stringContaining(secret)]);
        }
      }
    }
  });

  it.each([
    ['jwt', jwt.slice(0, 60)],
    ['jwt', jwt.slice(0, 25)],
    ['github', key('ghp_', 'a1B2c3')],
    ['stripe', key('sk_live_', 'a1B2')],
    ['email', 'jane.doe@exam'],
    ['card', '411111111111'],
    ['private-key', '-----BEGIN PRIVATE KEY-----\nMIIEpAIB'],
  ])('also when it was cut: %s %s…', (kind, cut) => {
    expect(redactor().json(JSON.stringify(`x ${cut}…`))).toMatch(`REDACTED-${kind}-1-`);
    expect(redactor().json(JSON.stringify(`x ${cut}…`))).not.toContain(cut);
  });
});

describe('what a name says is a secret', () => {
  const secret = 'hunter2 & Co"x';
  const names = [
    'password',
    'newPassword',
    'password_confirmation',
    'pwd',
    'PIN',
    'cvv',
    'access_token',
    'refreshToken',
    'x-api-key',
    'client_secret',
    'JSESSIONID',
    'connect.sid',
    'csrf_token',
    'AccountKey',
    'Ocp-Apim-Subscription-Key',
    'X-Auth-Key',
    'x-functions-key',
    'ali-access-key',
    'motdepasse',
    'mot_de_passe',
    'contrasena',
    'contraseña',
    'contrasen\u0303a',
    'nuevaContraseña',
    'senha',
    'haslo',
    'hasło',
    'wachtwoord',
    'salasana',
    'lozinka',
    'parola',
  ];

  it.each(names)('%s', (name) => {
    const encoded = encodeURIComponent(secret);
    const outputs = [
      redactor().body(JSON.stringify({ user: { [name]: secret, id: 7 } }), 'application/json'),
      redactor().body(JSON.stringify({ log: JSON.stringify({ [name]: secret }) }), 'application/json'),
      redactor().body(`id=7&${name}=${encoded}`, 'application/x-www-form-urlencoded'),
      redactor().body(`user%5B${name}%5D=${encoded}`, 'application/x-www-form-urlencoded'),
      redactor().url(`/api/login?${name}=${encoded}&x=1`),
      redactor().url(`/api/login;${name}=${encoded}/me`),
      redactor().text(`${name}: hunter2&x=1 and ${name}='hunter2'`),
      redactor().text(
        `<form><input value="hunter2" name="${name}"><input name="${name}" value='hunter2'></form>`,
      ),
      redactor().text(`--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\nhunter2\r\n--b--`),
      redactor().header('cookie', `lang=de; ${name}=hunter2`),
      redactor().header('set-cookie', `${name}=hunter2; Path=/; HttpOnly`),
    ];
    for (const output of outputs) {
      expect(output).toMatch(/REDACTED-(?:password|token|secret|cookie)-1-/);
      expect(decodeURIComponent(output)).not.toContain('hunter2');
    }
  });

  it('keeps what stands beside it', () => {
    const { json } = { json: (text: string) => redactor().body(text, 'application/json') };
    expect(json('{ "password" : "hunter2", "id": 9007199254740993, "price": 12.50, "ok": true }')).toBe(
      '{ "password" : "REDACTED-password-1-8", "id": 9007199254740993, "price": 12.50, "ok": true }',
    );
    expect(redactor().url('/api/x?a=%7E+b&token=abc&c=%2F')).toBe(
      '/api/x?a=%7E+b&token=REDACTED-token-1-4&c=%2F',
    );
    expect(redactor().header('set-cookie', 'sid="abc"; Path=/; Max-Age=60')).toBe(
      'sid="REDACTED-cookie-1-4"; Path=/; Max-Age=60',
    );
  });

  it('keeps types: a number stays a number, null, booleans and empty text stay', () => {
    expect(redactor().json('{"pin":1234,"password":null,"token":"","secret":false,"cvv":[123,"456"]}')).toBe(
      '{"pin":9001,"password":null,"token":"","secret":false,"cvv":[902,"REDACTED-password-3-4"]}',
    );
    expect(redactor().json('{"number":4111111111111111}')).toBe('{"number":9000000000000001}');
  });

  it('of credentials keeps the scheme', () => {
    expect(redactor().header('Authorization', 'Bearer abc.def')).toBe('Bearer REDACTED-bearer-1-8');
    expect(redactor().header('authorization', 'Basic amFuZTpodW50ZXIy')).toBe('Basic REDACTED-basic-1-16');
    expect(redactor().header('authorization', 'AWS4-HMAC-SHA256 Credential=x, Signature=y')).not.toMatch(
      /Signature/,
    );
    expect(redactor().text('curl -H "authorization: Bearer s3cr3t-t0ken" x')).toBe(
      'curl -H "authorization: REDACTED-token-1-32" x',
    );
    expect(redactor().text('sent Bearer s3cr3t-t0ken.')).not.toContain('s3cr3t');
    expect(redactor().header('location', 'https://jane:hunter2@a.example/x?code=1')).toBe(
      'https://jane:REDACTED-password-1-8@a.example/x?code=1',
    );
  });

  it('names path segments by the template, or by the segment before', () => {
    expect(redactor().url('/api/reset/abcdef/now', 'GET /api/reset/:token/now')).toBe(
      '/api/reset/REDACTED-token-1-8/now',
    );
    expect(redactor().url('/api/password/hunter2')).toBe('/api/password/REDACTED-password-1-8');
    expect(redactor().url('/api/password/reset')).toBe('/api/password/reset');
  });

  it('knows where a part of a body stands', () => {
    expect(redactor().json('"hunter2"', '$.users[3].password')).toBe('"REDACTED-password-1-8"');
    expect(redactor().json('"hunter2"', '$["x.y"].name')).toBe('"hunter2"');
    expect(redactor().json('"hunter2"', '$["x.y"].list[0]["access token"]')).toBe('"REDACTED-token-1-8"');
    expect(redactor().json('"/x?token=abc"', 'header:location')).toBe('"/x?token=REDACTED-token-1-4"');
    expect(redactor().json('"a=b; Path=/"', 'header:set-cookie')).toBe('"a=REDACTED-cookie-1-1; Path=/"');
    expect(redactor().json('{"a":["x",1]}', '$.company.taxId')).toBe('{"a":["REDACTED-json-1-1",92]}');
  });
});

describe('what the plan names', () => {
  it('headers and JSON paths', () => {
    expect(redactor().header('X-Tenant', 'acme')).toBe('REDACTED-header-1-4');
    expect(
      redactor().json(
        '{"company":{"taxId":"12/345"},"cards":[{"holder":{"first":"J"},"kind":"debit"}],"holder":"x"}',
      ),
    ).toBe(
      '{"company":{"taxId":"REDACTED-json-1-8"},"cards":[{"holder":{"first":"REDACTED-json-2-1"},"kind":"debit"}],"holder":"x"}',
    );
  });

  it('credentials and cookies go without being named', () => {
    const bare = new Redactor(compileRedaction({ headers: [], json: [] }));
    expect(bare.header('cookie', 'sid=abc')).not.toContain('abc');
    expect(bare.header('authorization', 'Bearer abc')).not.toContain('abc');
  });
});

describe('what only looks like it', () => {
  it.each([
    ...['1.4111111111111111', '4111.1111.1111.1112', '10.4111.1111.1111.1111', 'v4111.1111.1111.1111'],
    ...['4111\u00a01111\u00a01111\u00a01112', 'hf_model', 'LTAIR and dapifier', 'hf_hub_download_of_all'],
    ...['senhora: x', 'desenhar=1', 'paroladordine: a', 'senhaAlteradaEm=2026', 'keyboard-access: 1'],
  ])('stays: %s', (text) => {
    expect(redactor().text(text)).toBe(text);
    expect(redactor().body(JSON.stringify({ a: text }), 'application/json')).toBe(
      JSON.stringify({ a: text }),
    );
  });
});

describe('a pair that says what its value is', () => {
  it.each([
    ['{"name":"password","value":"hunter2"}', '{"name":"password","value":"REDACTED-password-1-8"}'],
    ['[{"value":"hunter2","key":"apiKey"}]', '[{"value":"REDACTED-secret-1-8","key":"apiKey"}]'],
    ['{"value":4711,"field":"pin","n":1}', '{"value":9001,"field":"pin","n":1}'],
    [
      '{"id":"token","value":["a","b"]}',
      '{"id":"token","value":["REDACTED-token-1-1","REDACTED-token-2-1"]}',
    ],
    [
      '{"val":"a","Value":"bc","name":"token"}',
      '{"val":"REDACTED-token-1-1","Value":"REDACTED-token-2-2","name":"token"}',
    ],
    [
      '{"value":"jane@a.example","name":"secret","text":"x"}',
      '{"value":"REDACTED-secret-1-16","name":"secret","text":"REDACTED-secret-2-1"}',
    ],
  ])('%s', (given, expected) => {
    const numberless = (text: string) => text.replace(/(REDACTED-\w+)-\d+-/g, '$1-');
    expect(numberless(redactor().body(given, 'application/json'))).toBe(numberless(expected));
  });

  it('also of the value alone, where someone else has seen the pair', () => {
    expect(redactor().json('"hunter2"', '$.params[0].value', 'password')).toBe('"REDACTED-password-1-8"');
    expect(redactor().json('["a",4711]', '$.params[0].value', 'token')).toBe('["REDACTED-token-1-1",9002]');
  });

  it('and no other: neighbours, other objects and names that say nothing stay', () => {
    const plain = '[{"name":"colour","value":"red"},{"name":"token"},{"value":"x","n":{"name":"password"}}]';
    expect(redactor().body(plain, 'application/json')).toBe(plain);
  });
});

describe('what was a secret elsewhere in a sample', () => {
  it('is taken out where nothing says that it is one, as text, JSON and URLs write it', () => {
    const one = redactor();
    one.body('{"password":"hunter2 \\"hunter3\\""}', 'application/json');
    const given = 'a hunter2 "hunter3" b hunter2 \\"hunter3\\" c hunter2%20%22hunter3%22 d';
    const stand = 'REDACTED-password-1-32';
    expect(one.withoutEchoes(given)).toBe(`a ${stand} b ${stand} c ${stand} d`);
  });

  it('also where a URL writes it with other escapes than it needs, and leaves all others alone', () => {
    const one = redactor();
    one.header('cookie', 'sid=s%3AS3ss10n; theme=dark');
    const stand = 'REDACTED-cookie-1-16';
    for (const given of ['s%3AS3ss10n', 's:S3ss10n', 's%3aS3ss10n', 's%253AS3ss10n', '%73%3AS3%73%7310n'])
      expect(one.urlWithoutEchoes(`/a%20b?from=${given}`)).toBe(`/a%20b?from=${stand}`);
    expect(one.urlWithoutEchoes('/a%2fb?%6e=1&x=%')).toBe('/a%2fb?%6e=1&x=%');
  });

  it('also a cookie that has no name', () => {
    const one = redactor();
    expect(one.header('cookie', 'S3ss10nValue; a=b')).toBe('REDACTED-cookie-1-16; a=REDACTED-cookie-2-1');
    expect(one.withoutEchoes('of S3ss10nValue')).toBe('of REDACTED-cookie-1-16');
  });

  it('unless it is as short as any word', () => {
    const one = redactor();
    one.body('{"password":"admin12"}', 'application/json');
    expect(one.withoutEchoes('role admin12')).toBe('role admin12');
  });
});

describe('within a sample', () => {
  it('equal secrets look equal wherever they stand, others differ', () => {
    const one = redactor();
    const asked = one.header('authorization', `Bearer ${jwt}`);
    const answered = one.body(JSON.stringify({ token: jwt, other: 'jane@a.example' }), 'application/json');
    expect(asked).toBe('Bearer REDACTED-bearer-1-128');
    expect(answered).toBe('{"token":"REDACTED-token-1-128","other":"REDACTED-email-2-16"}');
  });

  it('lengths are told by powers of two', () => {
    const sizes = [1, 2, 3, 7, 8, 9, 100].map((length) =>
      redactor().json(JSON.stringify('x'.repeat(length)), '$.pwd'),
    );
    expect(sizes.map((text) => Number(/-(\d+)"$/.exec(text)![1]))).toEqual([1, 2, 4, 8, 8, 16, 128]);
  });
});

describe('ordinary data stays as it is', () => {
  it.each([
    [
      'order numbers',
      '2024-000123 AB-4711 100000000000001 1234567890123456 4111111111111112, 4111 1111 1111 1112, 5105105105105101',
    ],
    ['UUIDs', '123e4567-e89b-12d3-a456-426614174000 41111111-1111-4111-8111-111111111111'],
    ['prices and rates', '1,234.50 EUR 0.4111111111111111 -12.5 1e21 99.99 4.111111111111111'],
    ['times', '2026-01-01T12:00:00.000Z 1767225600000 1767225600000000000 20260101120000 12:34:56'],
    ['phone numbers and zip codes', '+49 30 1234567 10115 (555) 010-9999'],
    ['barcodes and ISBNs', '4006381333931 978-3-16-148410-0'],
    ['hashes and commits', 'd41d8cd98f00b204e9800998ecf8427e 9fceb02d0ae598e95dc970b74767f19372d61af8'],
    ['digests', `sha512-${base64(86)}== W/"33a64df551425fcc55e4d42a148795d9f25f89d4"`],
    ['pages and cursors', 'eyJpZCI6MTIzfQ cursor eyJpZCI6MTIzfQ=='],
    [
      'names that only look alike',
      'secretary: Jane, bypass=yes, compass: north, passport: yes, spin=3, author: Jane',
    ],
    [
      'facts about secrets',
      '{"hasPassword":true,"passwordChangedAt":"2026-01-01","tokenType":"Bearer","tokens":5}',
    ],
    [
      'prose',
      'A bearer of bad news, basic authentication, a token expired. Mail me @home or at foo@localhost.',
    ],
    ['file names and packages', 'logo@2x.png @scope/pkg@1.2.3 react@19.0.0 sk-SK en-GB npm_config'],
    ['versions and addresses', '10.0.0.1:8080 v1.2.3 ::1 https://a.example:8080/x?y=1#z'],
    ['a public key and a certificate', '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----'],
    [
      'account numbers that no country has',
      'DE8937040044053201300 XX89370400440532013000 DE00370400440532013000',
    ],
    ['Unicode', 'Zoë Müller – 東京, “quoted”, 100 % … more'],
  ])('%s', (_, text) => {
    expect(redactor().text(text)).toBe(text);
    expect(redactor().json(JSON.stringify({ text: text, list: [text] }))).toBe(
      JSON.stringify({ text: text, list: [text] }),
    );
    expect(redactor().header('x-note', text)).toBe(text);
    const query = `/api/x?note=${encodeURIComponent(text)}`;
    expect(redactor().url(query)).toBe(query);
  });

  it('JSON of any shape keeps its bytes', () => {
    const plain = fc.string({ unit: fc.constantFrom(...'abc xyz."\\/\n{}[]:,-0é…') });
    fc.assert(
      fc.property(
        fc.jsonValue({ stringUnit: fc.constantFrom(...'abc xyz."\\\n{}[]é') as never }),
        plain,
        fc.nat(4),
        (value, text, indent) => {
          const json = JSON.stringify({ value: value ?? null, text }, null, indent);
          expect(redactor().json(json)).toBe(json);
        },
      ),
    );
  });

  it('JSON that is cut or broken is read as far as it goes, and the rest as text', () => {
    expect(redactor().json('{"password":"hunt')).toBe('{"password":"REDACTED-password-1-4"');
    expect(redactor().json('{"a":1} oops {"password":"hunter2"}')).not.toContain('hunter2');
    expect(redactor().json('{"a": undefined, "password":"hunter2"}')).not.toContain('hunter2');
    expect(redactor().json('{"a":1}\n{"password":"hunter2"}')).toBe(
      '{"a":1}\n{"password":"REDACTED-password-1-8"}',
    );
    expect(redactor().body('password=hunter2', 'application/json')).not.toContain('hunter2');
  });
});

it('facade/REDACTION.md lists the kinds there are', () => {
  const page = readFileSync(new URL('../../REDACTION.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell]) =>
    cell!.replaceAll('`', '').split(', '),
  );
  const others = [
    ...['bearer', 'basic', 'credential', 'cookie', 'header', 'json', 'password', 'token', 'secret'],
    // By what stands around them.
    ...['telegram', 'discord'],
  ];
  expect(new Set(listed)).toEqual(new Set([...byForm.map(([kind]) => kind), ...others]));
});

describe('hostile text', () => {
  const LENGTH = 1 << 16;
  /** Of a thread, which a busy machine does not make longer: linear work takes a quarter of it at most, quadratic work more. */
  const MAX_CPU_MS = 1_500;
  /** For what does not end. */
  const DEADLINE_MS = 120_000;

  it.each([
    [
      'words',
      ['a', '-', '.', 'a.', 'eyJ', 'eyJ.', 'eyJhbGciOiJI.', 'AKIA', 'ghp_', 'SG.', '\u0000', '\ud83d', '…'],
    ],
    [
      'numbers and addresses',
      ['1', '4111 ', '1-', 'DE89 ', '@', 'a@', '%40', '%', '://', '://a:', '://a:b@'],
    ],
    [
      'blocks',
      ['-----BEGIN PRIVATE KEY-----', '-----BEGIN ', 'form-data name="pin"\r\n\r\n', 'name="token"\r\nx'],
    ],
    ['names', ['token=', 'token:"', 'token:"\\', 'bearer ', 'bearer a', 'basic -', 'cookie: ', '=;', '";']],
    [
      'markup and JSON',
      ['<input ', '<input name="pin" value="', '"', '\\', '{', '[', '{"a":', '{"password":'],
    ],
    [
      'names that stand apart',
      [
        '<dt>PIN',
        '<pin>',
        '</a>',
        '<td>',
        'pin,a\n',
        'pin,"',
        'pin:\n ',
        '- name: pin\n  value: ',
        '/key/a1',
      ],
    ],
    [
      'hashes, flags and addresses of hooks',
      [
        ...[
          '$2b$12$aa',
          '$y$a$a$',
          '$6$rounds=1$a$',
          '$argon2id$',
          '-u a:',
          '-u "a:',
          '--password ',
          '--token "',
        ],
        ...[
          '12345678:',
          '12345678:aB3',
          '/api/webhooks/1234567890123456/',
          '/services/TAAAAAA/BAAAAAA/',
          'пароль:',
        ],
      ],
    ],
    [
      'dumps and lines of keys',
      [
        "insert into a (pin) values ('a''",
        'insert into a (',
        '["pin"]=> int(',
        '["pin"]=> ',
        'aB3\n',
        ' \\n',
      ],
    ],
  ])(
    '%s without end are read in time',
    async (_, parts) => {
      const worker = new Worker(new URL('../../test-kit/redact-repeated.ts', import.meta.url), {
        workerData: { parts, length: LENGTH, redact: planned },
      });
      const done: { part: string; cpuMs: number }[] = [];
      worker.on('message', (one) => done.push(one));
      const deadline = setTimeout(() => void worker.terminate(), DEADLINE_MS);
      await once(worker, 'exit');
      clearTimeout(deadline);
      expect(done.map(({ part }) => part)).toEqual(parts);
      expect(done.filter(({ cpuMs }) => cpuMs > MAX_CPU_MS)).toEqual([]);
    },
    2 * DEADLINE_MS,
  );

  it('what is longer than a million characters is cut, not within a secret', () => {
    const long = `${'x '.repeat((1 << 19) - 4)}4111111111111111 ${'y'.repeat(100)}`;
    const found = redactor().text(long);
    expect(found.length).toBeLessThanOrEqual((1 << 20) + 1);
    expect(found).not.toMatch(/4111/);
    expect(found.endsWith('…')).toBe(true);
  });

  it('a depth of 100,000 is no trouble', () => {
    const deep = `${'['.repeat(100_000)}{"password":"hunter2"}${']'.repeat(100_000)}`;
    expect(redactor().json(deep)).not.toContain('hunter2');
  });
});
