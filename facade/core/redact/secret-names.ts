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
    'otp',
    'totp',
    'cvv',
    'cvv2',
    'cvc',
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
    'xsrf',
    'bearer',
  ],
  secret: ['apikey', 'authkey', 'subscriptionkey', 'sig', 'credential', 'credentials', 'cookie', 'setcookie'],
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
  ],
  token: ['token', 'sessionid', 'sessid', 'connectsid'],
  secret: [
    'secret',
    'apikey',
    'privatekey',
    'secretkey',
    'accesskey',
    'accountkey',
    'sharedkey',
    'signingkey',
    'encryptionkey',
  ],
};

const LONGEST = 64;
const KINDS = ['password', 'token', 'secret'] as const;
const byName = new Map(KINDS.flatMap((kind) => NAMES[kind].map((name) => [name, kind] as const)));
const byEnding = KINDS.flatMap((kind) => ENDINGS[kind].map((ending) => [ending, kind] as const));

/** Null for a name that says nothing of a secret, such as `secretary`, `bypass` or `passwordChangedAt`. */
export function secretByName(name: string): NamedSecret | null {
  if (name.length > LONGEST) return null;
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return byName.get(plain) ?? byEnding.find(([ending]) => plain.endsWith(ending))?.[1] ?? null;
}
