import { describe, expect, it } from '@jest/globals';
import { compileRedaction, Redactor } from './redactor.ts';

const redactor = () => new Redactor(compileRedaction({ headers: [], json: [] }));
const S = 'hunter2-hunter3';
/** Looks as if a machine had drawn it. */
const R = 'x7Kf9Qz2LmW4';

describe('what names a secret may stand apart from it', () => {
  it.each([
    ['a column', `name,password\njane,${S}\njoe,"${S}"\n`],
    ['a column with CRLF', `sep=;\r\nName;API key;Age\r\nJane;${S};7\r\n\r\nJoe;${S};8`],
    ['a column of tabs', `\ufeffid\tpin\n1\t${S}`],
    ['a quoted cell of several lines', `"user","secret"\n"a ""b"", c","${S}\n${S}"\n`],
    ['an element on several lines', `<user>\n  <password>\n    ${S}\n  </password>\n</user>`],
    ['an element with attributes', `<password type="plain">${S}</password><id>7</id>`],
    ['an element with a prefix', `<wsse:Password Type="text">${S}</wsse:Password>`],
    ['CDATA', `<password><![CDATA[${S}]]></password>`],
    ['an element within', `<secret><value>${S}</value></secret>`],
    ['an attribute', `<user id="7" password="${S}"/>`],
    ['a parameter', `<param name="password">${S}</param>`],
    ['a parameter with a value', `<param name="password" value="${S}"/>`],
    ['a setting', `<add key="ApiKey" value='${S}' />`],
    ['a property', `<property name="password"><value>${S}</value></property>`],
    ['a key before its value', `<dict><key>accessToken</key>\n<string>${S}</string></dict>`],
    ['a name before its value', `<name>password</name><value>${S}</value>`],
    ['a list of terms', `<dl><dt>Name</dt><dd>Jane</dd><dt>Password:</dt><dd><b>${S}</b></dd></dl>`],
    ['a list of terms left open', `<dl><dt>Name<dd>Jane<dt>Password<dd>${S}</dl>`],
    ['a row', `<tr><th>API key</th><td>${S}</td></tr>`],
    ['a row of plain cells', `<table><tr><td><label>PIN</label></td><td>${S}</td></tr></table>`],
    [
      'a column of a page',
      `<table><tr><th>Name</th><th>Password</th></tr><tr><td>Jane</td><td>${S}</td></tr></table>`,
    ],
    ['a label', `<label>Password</label> <input value="${S}">`],
    ['a choice', `<select name="pin"><option value="${S}">${S}</option><option>${S}</select>`],
    ['a large field', `<textarea name="client_secret">\n${S}</textarea>`],
    ['a hidden field', `<input type=hidden value=${S} name=csrf_token>`],
    ['a field of passwords', `<input type="password" name="x" value="${S}">`],
    ['a page that says it of itself', `<meta name="csrf-token" content="${S}">`],
    ['a data attribute', `<div data-token="${S}"></div>`],
    ['indented below', `user: jane\npassword:\n  ${S}\nage: 7`],
    ['a text of several lines', `  secret: |-\n    ${S}\n    ${S}\n  age: 7`],
    ['a list', `tokens:\n- ${S}\n- ${S}\nage: 7`],
    ['a pair on two lines', `env:\n  - name: DB_PASSWORD\n    value: ${S}\n  - name: AGE\n    value: 7`],
    ['a digest', `Authorization: Digest username="jane", realm="a, b", response="${S}"`],
    ['a member that PHP dumps', `array(1) { ["password"]=> string(${S.length}) "${S}" }`],
    ['one on the next line', `array(1) {\n  ["api_key":protected]=>\n  string(99) "${S}"\n}`],
    ['one with a quote in it', `["password"]=> string(${S.length + 2}) "a"${S}" }`],
    ['a column of an insert', `INSERT INTO users (email, password) VALUES ('x', '${S}')`],
    [
      'columns of several rows',
      `insert into \`a\`.\`b\` (\`id\`,\`pin\`,at) values\n (1,'it''s ${S}',now()),\n (2, N'${S}', concat('a', 'b')), (3,${S},null)`,
    ],
    ['a cookie with quotes', `cookie: a="b"; sid=${S}`],
    ['LDIF', `dn: cn=jane\nuserPassword:: ${S}\ncn: jane`],
    ['a flag', `mysqldump --user jane --password ${S} shop`],
    ['the user of curl in quotes', `curl -u "jane:${S} and more" https://a/`],
    ['a flag with quotes', `tool --api-key "${S}" run`],
    ['what PHP keeps', `a:1:{s:8:"password";s:${S.length}:"${S}";}`],
    ['the user of curl', `curl -s -u jane:${S} https://a/`],
    ['a name in Cyrillic letters', `пароль: ${S}`],
    ['a name in Chinese', `{"密码":"${S}"}`],
    ['a name in Swedish', `lösenord=${S}`],
    ['a pre-shared key', `wifi_psk=${S}`],
    ['a number that says who somebody is', `"ssn": "${S}"`],
  ])('%s', (_, text) => {
    const shown = redactor().text(text);
    expect(shown).toMatch(/REDACTED-(?:password|token|secret)-1-/);
    expect(shown).not.toContain('hunter');
  });

  it('keeps what stands beside it', () => {
    expect(redactor().text(`name;pin;note\nJane;4711;"a; b"\nJoe;;x\n`)).toBe(
      'name;pin;note\nJane;REDACTED-password-1-4;"a; b"\nJoe;;x\n',
    );
    expect(redactor().text('<p id=1>Hi</p><token a="1">\n abc </token ><i>x</i>')).toBe(
      '<p id=1>Hi</p><token a="1">\n REDACTED-token-1-4 </token ><i>x</i>',
    );
    expect(redactor().text('a: 1\npassword:\n  x\n  y\nb: 2\n')).toBe(
      'a: 1\npassword:\n  REDACTED-password-1-8\nb: 2\n',
    );
  });
});

describe('a value that lets its holder do something', () => {
  it.each([
    ...['reset', 'password-reset', 'invite', 'confirm', 'confirm-email', 'magic-link', 'keys', 'token'],
    ...['verify', 'verifyEmail', 'unsubscribe', 'activate'],
  ])('behind /%s/', (word) => {
    for (const secret of [
      R,
      '0f3a9c5d7be81246',
      '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
      'mzxw6ytboi4dqnzx',
    ]) {
      const path = `/api/${word}/${secret}/done`;
      const outputs = [
        redactor().url(path),
        redactor().url(`https://a.example${path}?a=1`),
        redactor().header('location', `https://a.example${path}`),
        redactor().header('link', `<https://a.example${path}>; rel="next"`),
        redactor().text(`Go to https://a.example${path}.`),
        redactor().json(JSON.stringify({ link: path })),
      ];
      for (const output of outputs) {
        expect(output).toMatch(/REDACTED-(?:secret|token)-1-/);
        expect(output).not.toContain(secret);
      }
    }
  });

  it.each(['code', 'token', 'sig', 'X-Amz-Signature', 'key', 'ticket', 'state'])('as ?%s=', (name) => {
    const outputs = [
      redactor().url(`/callback?a=1&${name}=${R}#x`),
      redactor().header('location', `https://a.example/callback?${name}=${R}`),
      redactor().header('location', `app://callback?${name}=${R}`),
      redactor().header('link', `</callback?${name}=${R}>; rel=next, </b?${name}=${R}>; rel=prev`),
      redactor().text(`see /callback?${name}=${R}`),
    ];
    for (const output of outputs) {
      expect(output).toMatch(/REDACTED-(?:secret|token)-1-/);
      expect(output).not.toContain(R);
    }
  });

  it('in digests', () => {
    const hex = '6629fae49393a05397450978507c4ef1';
    const outputs = [
      redactor().header('authorization', `Digest username="jane", nonce="${hex}", response="${hex}"`),
      redactor().header('authentication-info', `nextnonce="${hex}", qop=auth, rspauth="${hex}"`),
      redactor().header('Proxy-Authentication-Info', 'nextnonce="weak"'),
      redactor().header('www-authenticate', `Digest realm="a", nonce="${hex}", opaque="${hex}"`),
      redactor().text(`< digest nonce="${hex}", nc=00000001, response="${hex}"`),
    ];
    for (const output of outputs) {
      expect(output).toContain('REDACTED-');
      expect(output).not.toMatch(/6629fae|weak/);
    }
  });
});

describe('ordinary data stays as it is', () => {
  it.each([
    ['a table', 'name,city,age\nJane,Köln,7\nJoe,"a, b",8\n'],
    ['prose with commas', 'Dear Jane, your token, as asked for\nhello, world\n'],
    ['a table about secrets', 'user,passwordChangedAt,hasToken\njane,2026-01-01,true\n'],
    ['a manual', 'usage: login <user> <password>\nThen type help.'],
    [
      'a page about passwords',
      '<h2>Password</h2><p>Choose a good one.</p><a href="/password">Password</a><li>Token</li><li>Next</li>',
    ],
    [
      'a form',
      '<form name="auth" id="session"><p>Hello</p><label for=pin>PIN</label><button name="token">Send</button></form>',
    ],
    ['settings', 'tokenType:\n  Bearer\nnote: |\n  some text\n- name: colour\n  value: red\n'],
    [
      'a page',
      '<table><tr><th>Name</th><th>City</th></tr><tr><td>Jane</td><td>Köln</td></tr></table><dl><dt>Name</dt><dd>Jane</dd></dl>',
    ],
    ['a dump', 'array(2) { ["name"]=> string(4) "Jane" ["passwordChangedAt"]=> int(7) }'],
    ['an insert', "insert into users (name, city) values ('Jane', 'it''s (here), or there'); select (1, 2)"],
    ['an insert without names', "insert into password values ('Jane', 1)"],
    ['source', 'if (a<b && c>d) { return code=ok; }'],
  ])('%s', (_, text) => {
    expect(redactor().text(text)).toBe(text);
  });

  it.each([
    ...['/reset/done', '/confirm/12345', '/verify/482913', '/invite/summer-party-2026', '/keys/en-US'],
    ...[
      '/keys/user.profile.title',
      '/verify/order-000123-2026',
      '/code/SKU-2024-XL-01',
      '/share/iPhone15Pro',
    ],
    ...['/orders/x7Kf9Qz2LmW4', '/articles/0f3a9c5d7be81246/comments', '/token/refresh', '/share/2026-11-28'],
    ...['/a?code=DE', '/a?code=AB12CD34', '/a?state=Nordrhein-Westfalen', '/a?key=uploads/2026/summer.png'],
    ...['/a?id=x7Kf9Qz2LmW4', '/a?code=SKU-2024-XL-01', '/a?state=open&response=json&sign=plus'],
  ])('%s', (url) => {
    expect(redactor().url(url)).toBe(url);
    expect(redactor().header('location', `https://a.example${url}`)).toBe(`https://a.example${url}`);
    expect(redactor().text(`see ${url} now`)).toBe(`see ${url} now`);
  });
});

it.each([
  'docker run --user 1000:1000 image',
  'rsync -u host:/srv/data .',
  'the --password flag is missing',
  'use the --token option.',
])('%s stays', (text) => {
  expect(redactor().text(text)).toBe(text);
});

describe('what tells of a change names what it changes', () => {
  it.each<[string, object]>([
    ['a JSON patch', [{ op: 'replace', path: '/password', value: S }]],
    ['one further down', [{ op: 'add', path: '/user/pin', value: S }]],
    ['SCIM', { Operations: [{ op: 'replace', path: 'password', value: S }] }],
    ['an audit', { field: 'password', old: S, new: S }],
    ['one with other words', { attribute: 'apiKey', oldValue: S, newValue: S }],
  ])('%s', (_, body) => {
    const shown = redactor().body(JSON.stringify(body), 'application/json');
    expect(shown).toContain('REDACTED');
    expect(shown).not.toContain('hunter');
  });

  it.each<[string, object]>([
    ['a path of something else', { path: '/articles', value: S }],
    ['a change of something else', { field: 'price', old: S, new: S }],
    ['a page of its own', { path: '/auth', text: S }],
    ['a span of time', { name: 'Session', from: '2026-12-01', to: '2026-12-02' }],
  ])('%s stays', (_, body) => {
    expect(redactor().body(JSON.stringify(body), 'application/json')).toBe(JSON.stringify(body));
  });
});

describe('forms of their own', () => {
  const bcrypt = `$2b$12$${'N9qo8uLOickgx2ZMRZoMye'.padEnd(53, 'Iw7')}`;
  it.each([
    ['bcrypt', bcrypt],
    ['argon2', '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG'],
    ['yescrypt', `$y$j9T$F5Jx5fExrKuPp53xLKQ..1$${'X3DX6M94c7o'.repeat(4).slice(0, 43)}`],
    ['sha512-crypt', `$6$rounds=5000$saltsalt$${'a1B2'.repeat(21)}`],
    ['a bot of Telegram', `/bot123456789:${'aB3'.repeat(11)}xy/sendMessage`],
    ['a webhook of Discord', `https://discord.com/api/webhooks/123456789012345678/${'aB3-'.repeat(17)}`],
    ['a webhook of Slack behind a proxy', '/hooks/services/T0ABC1234/B0ABC1234/abcDEF123ghiJKL456mnoPQR'],
  ])('%s', (_, secret) => {
    const shown = redactor().text(`before ${secret} after`);
    expect(shown).toMatch(/^before .*REDACTED-\w+-1-.* after$/);
    for (const part of secret.match(/[\w+.-]{20,}/g) ?? [])
      if (!/^sendMessage$/.test(part)) expect(shown).not.toContain(part);
  });
});
