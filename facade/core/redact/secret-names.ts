/** What a field, parameter, cookie or header holds by its name. */
export type NamedSecret = 'password' | 'token' | 'secret';

/** Whole names, in lower case and without `-`, `_` and `.`. */
const NAMES: Readonly<Record<NamedSecret, readonly string[]>> = {
  password: [
    'pass',
    'pwd',
    'pw',
    'pin',
    'passcode',
    'passphrase',
    'kennwort',
    'passwort',
    'senha',
    'haslo',
    'parola',
    'otp',
    'totp',
    'cvv',
    'cvv2',
    'cvc',
    'cvc2',
    'ssn',
    'pincode',
    'securityanswer',
    'recoverycode',
    'backupcode',
  ],
  token: [
    'jwt',
    'sid',
    'sessid',
    'session',
    'xsession',
    'sessionkey',
    'authorization',
    'proxyauthorization',
    'csrf',
    'auth',
    'xsrf',
    'bearer',
  ],
  secret: ['psk', 'hmac', 'sesskey', 'apikey', 'sig', 'credential', 'credentials', 'cookie', 'setcookie'],
};

/** Ends of names: `newPassword`, `refresh_token`, `x-api-key`, `JSESSIONID`. */
const ENDINGS: Readonly<Record<NamedSecret, readonly string[]>> = {
  password: [
    'password',
    'passwd',
    'newpass',
    'oldpass',
    'userpass',
    'passwordconfirm',
    'passwordconfirmation',
    'passwordrepeat',
    'passwordagain',
    'password1',
    'password2',
    'motdepasse',
    'contrasena',
    'wachtwoord',
    'salasana',
    'lozinka',
    'losenord',
    'adgangskode',
  ],
  token: ['token', 'sessionid', 'sessid', 'connectsid'],
  secret: [
    'secret',
    'apikey',
    'privatekey',
    'secretkey',
    'accesskey',
    'authkey',
    'subscriptionkey',
    'functionskey',
    'accountkey',
    'sharedkey',
    'signingkey',
    'encryptionkey',
    'masterkey',
    'licensekey',
    'licencekey',
  ],
};

const LONGEST = 64;
const KINDS = ['password', 'token', 'secret'] as const;
const byName = new Map(KINDS.flatMap((kind) => NAMES[kind].map((name) => [name, kind] as const)));
const byEnding = KINDS.flatMap((kind) => ENDINGS[kind].map((ending) => [ending, kind] as const));

/** Words that say which of several, or in what form, and nothing of what it is: `passwordValue`, `passwd_new`, `SECRET_KEY_BASE`. */
const ASIDE = new Set([
  ...['value', 'values', 'text', 'plain', 'raw', 'input', 'field', 'base', 'hash', 'digest', 'old', 'new'],
  ...['current', 'confirm', 'confirmation', 'repeat', 'again', 'default', 'temp', 'tmp', '1', '2'],
]);
/** Last words of names of several words. */
const LAST_WORDS: ReadonlyMap<string, NamedSecret> = new Map([
  ...[
    ...['pass', 'pwd', 'pw', 'pin', 'otp', 'passcode', 'passphrase', 'kennwort', 'passwort'],
    ...['senha', 'haslo', 'parola'],
  ].map((word) => [word, 'password'] as const),
  ...(['jwt', 'auth', 'bearer', 'csrf', 'xsrf', 'tok'] as const).map((word) => [word, 'token'] as const),
  ['psk', 'secret'],
]);

/** Whole names of passwords in scripts without the letters a to z. */
const FOREIGN = [
  'пароль',
  'парола',
  'лозинка',
  'κωδικός',
  'סיסמה',
  'كلمة المرور',
  '密码',
  '密碼',
  'パスワード',
  '비밀번호',
  'รหัสผ่าน',
];
const foreign = new Set(FOREIGN.map((name) => name.normalize('NFD')));
/** The same, and names that are written with letters beside those, anywhere in a text. */
export const FOREIGN_NAMES = new RegExp(
  ['contrase(?:ñ|n\u0303)as?', 'hasł[oa]', 'l(?:ö|o\u0308)senord', ...FOREIGN].join('|'),
  'giu',
);

/** Null for a name that says nothing of a secret, such as `secretary`, `bypass` or `passwordChangedAt`. */
export function secretByName(name: string): NamedSecret | null {
  if (name.length > LONGEST) return null;
  const plain = inAscii(name)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
  if (plain === '') return foreign.has(name.toLowerCase().normalize('NFD')) ? 'password' : null;
  const known = byWhole(plain) ?? byWhole(plain.replace(/s$/, ''));
  if (known !== null) return known;
  const words = wordsOf(inAscii(name));
  while (words.length > 1 && ASIDE.has(words.at(-1) as string)) words.pop();
  const last = words.at(-1) ?? '';
  return byWhole(words.join('')) ?? (words.length > 1 ? (LAST_WORDS.get(last) ?? null) : null);
}

/** `contraseña` is `contrasena`, `hasło` is `haslo`. */
function inAscii(name: string): string {
  return /^[\x20-\x7e]*$/.test(name)
    ? name
    : name.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('ł', 'l').replaceAll('Ł', 'L');
}

function byWhole(plain: string): NamedSecret | null {
  return byName.get(plain) ?? byEnding.find(([ending]) => plain.endsWith(ending))?.[1] ?? null;
}

/** `smtpPass`, `SMTP_PASS` and `smtp-pass` are `smtp`, `pass`. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
}

/** `tokens`: a number under such a name counts them. */
export function countsSecrets(name: string): boolean {
  return /[a-z]s$/i.test(name) && byWhole(name.toLowerCase().replace(/[^a-z0-9]/g, '')) === null;
}
