/** Words before a value that lets whoever holds it do something: `/reset/x7Kf9…`, `?code=x7Kf9…`, `nonce="x7Kf9…"`. */
const GRANTS = new Set([
  ...['reset', 'forgot', 'recover', 'recovery', 'invite', 'invites', 'invitation', 'invitations', 'claim'],
  ...['confirm', 'confirmation', 'verify', 'verification', 'activate', 'activation', 'magic', 'magiclink'],
  ...['unsubscribe', 'optin', 'optout', 'share', 'shared', 'signin', 'login', 'callback', 'sso'],
  ...[
    'key',
    'keys',
    'token',
    'tokens',
    'code',
    'ticket',
    'assertion',
    'samlresponse',
    'samlrequest',
    'state',
  ],
  ...['signature', 'sign', 'hmac', 'mac', 'nonce', 'cnonce', 'nextnonce', 'response', 'rspauth', 'opaque'],
]);
const LONGEST_NAME = 64;
const LONGEST = 4096;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Whether a value is a secret by its name and its looks together: such names hold plain words as well (`/reset/done`,
 * `?code=DE`, `?key=en-US`), and what looks random is often nothing but an id.
 */
export function isGranted(name: string, value: string): boolean {
  return grants(name) && looksRandom(value);
}

/** `/verify-email/`, `X-Amz-Signature`: one of the words is enough. */
function grants(name: string): boolean {
  if (name.length > LONGEST_NAME) return false;
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .some((word, at, words) => GRANTS.has(word) || GRANTS.has(word + (words[at + 1] ?? '')));
}

/** No word, number, date or product code: letters and digits take turns in it as they do where a machine has drawn them. */
function looksRandom(value: string): boolean {
  if (UUID.test(value)) return true;
  if (value.length > LONGEST || !/^[\w.~=+/-]{8,}$/.test(value)) return false;
  const parts = value.split(/[-._~=+/]+/);
  return parts.some(isDrawn) || turns(parts.join(''), DIGIT_OR_LETTER) >= MANY;
}

const MANY = 6;
const DIGIT_OR_LETTER = /\d+|[a-z]+/gi;
const DIGIT_SMALL_OR_CAPITAL = /\d+|[a-z]+|[A-Z]+/g;

function isDrawn(word: string): boolean {
  const isAnyCase = /[a-z]/.test(word) && /[A-Z]/.test(word);
  if (word.length >= (isAnyCase ? 8 : 12) && turns(word, DIGIT_OR_LETTER) >= 3) return true;
  return word.length >= 16 && isAnyCase && turns(word, DIGIT_SMALL_OR_CAPITAL) >= word.length * 0.3;
}

/** How often one kind of character follows upon another. */
function turns(word: string, kinds: RegExp): number {
  return (word.match(kinds)?.length ?? 1) - 1;
}
