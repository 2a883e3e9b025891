import type { Span } from './span.ts';

const LONGEST_LOCAL = 64;
const LONGEST_DOMAIN = 255;
/** Ends of file names that look like domains: `logo@2x.png`. */
const FILES = /\.(?:png|jpe?g|gif|svg|webp|avif|ico|css|m?js|ts|map|json|md|html?)$/i;

/** E-mail addresses, also with the @ escaped as `%40`, and with letters of any script. */
export function* findEmails(text: string): Iterable<Span> {
  for (const { index, 0: at } of text.matchAll(/@|%40/g)) {
    const local = /[^\s"'<>(),;:[\]{}|\\/=&?@%]*$/u.exec(
      text.slice(Math.max(0, index - LONGEST_LOCAL), index),
    )![0];
    const after = index + at.length;
    const domain = /^[\p{L}\p{N}-]*(?:\.[\p{L}\p{N}-]+)*/u.exec(
      text.slice(after, after + LONGEST_DOMAIN),
    )![0];
    const to = after + domain.length;
    const whole = /\.\p{L}[\p{L}\p{N}-]+$/u.test(domain) && !FILES.test(domain);
    const from = index - local.length;
    // `https://user:password@host` is no address; the password is told by itself.
    if (/:\/\/[^\s/?#"'<>]*$/.test(text.slice(Math.max(0, from - LONGEST_LOCAL), from))) continue;
    if (local !== '' && (whole || text[to] === '…')) yield { from, to, kind: 'email' };
  }
}
