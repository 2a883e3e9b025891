import type { Placeholders } from './placeholders.ts';
import { redactText, redactUrl } from './redact-url.ts';
import { secretByName } from './secret-names.ts';

/** Replaces the secrets of a header's value; `named` says that the plan names the header. */
export function redactHeader(
  name: string,
  value: string,
  named: boolean,
  placeholders: Placeholders,
): string {
  const header = name.toLowerCase();
  if (header === 'cookie')
    return value
      .split(';')
      .map((pair) => pair.replace(/^(\s*(?:[^=]*=)?)(.*)/s, cookie(placeholders)))
      .join(';');
  if (header === 'set-cookie') return value.replace(/^((?:[^=;]*=)?)([^;]*)/, cookie(placeholders));
  if (header === 'authorization' || header === 'proxy-authorization') {
    return value.replace(/^(\s*[\w-]+\s+)?(.+)$/s, (_, scheme = '', credential: string) => {
      const shown = scheme + placeholders.text(credential, kindOf(scheme.trim()));
      const password = /^basic\s/i.test(scheme) ? passwordOf(credential) : null;
      if (password !== null) placeholders.know(password, 'password');
      return shown;
    });
  }
  // Of digests: `nextnonce="…"`, `rspauth="…"`.
  if (/^(?:proxy-)?authentication-info$/.test(header)) {
    return value.replace(/([\w-]+=)("[^"]*"|[^\s",]+)/g, (_, key: string, secret: string) => {
      return key + placeholders.text(secret.replaceAll('"', ''), 'credential');
    });
  }
  const kind = named ? 'header' : secretByName(header);
  if (kind && value !== '') return placeholders.text(value, kind);
  return /^(?:[a-z][a-z0-9+.-]*:\/)?\/\S*$/i.test(value)
    ? redactUrl(value, placeholders)
    : redactText(value, placeholders);
}

/** Makes known what a header holds that is a credential, whatever it is called. */
export function knowCredential(name: string, value: string, placeholders: Placeholders): void {
  const header = name.toLowerCase();
  if (header === 'cookie') {
    for (const pair of value.split(';'))
      placeholders.know(pair.slice(pair.indexOf('=') + 1).trim(), 'cookie');
    return;
  }
  const [, scheme = '', credential = ''] = /^\s*(?:([\w-]+)\s+)?(.*)$/s.exec(value)!;
  placeholders.know(value, 'credential');
  if (scheme === '') return;
  placeholders.know(credential, kindOf(scheme));
  const password = /^basic$/i.test(scheme) ? passwordOf(credential) : null;
  if (password !== null) placeholders.know(password, 'password');
}

/** Of `Basic` credentials (RFC 7617); null where they are none. */
function passwordOf(credential: string): string | null {
  if (!/^[A-Za-z0-9+/_-]+={0,2}\s*$/.test(credential)) return null;
  const spoken = Buffer.from(credential, 'base64');
  const colon = spoken.indexOf(':');
  return colon === -1 ? null : spoken.toString('utf8', colon + 1);
}

function cookie(placeholders: Placeholders) {
  return (_: string, name: string, value: string): string => {
    const [, open, inner, close] = /^("?)(.*?)("?)$/s.exec(value)!;
    return `${name}${open}${inner === '' ? '' : placeholders.text(inner!, 'cookie')}${close}`;
  };
}

function kindOf(scheme: string): string {
  return /^(?:bearer|basic)$/i.test(scheme) ? scheme.toLowerCase() : 'credential';
}
