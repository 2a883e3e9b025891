// `;` begins parameters for servlet containers; escaped slashes, backslashes, semicolons, question marks and percent
// signs are decoded before routing by some servers; Windows takes `\` for a slash and drops dots and blanks at the end
// of a name; URL parsers as browsers have them drop line feeds, carriage returns and tabs wherever they stand.
const CONFUSABLE = /;|%(?:2F|5C|3B|3F|25)|(?:\.|%20)(?:\/|$)|%0[9AD]/;
/** From no decoding at all. An escaped percent sign hides another escape; whoever decodes more often than this decodes for ever. */
const DECODINGS = [0, 1, 2, 3];

export type LaxReading = {
  /** A path again: a percent sign that no escape is meant by is escaped itself. */
  readonly path: string;
  /** It holds `..`, which the literal reading never does. */
  readonly climbs: boolean;
};

/**
 * How servers that read paths more freely could understand a normalised path: escapes kept, decoded once or to the end;
 * what stands behind `;` or an escaped `?` part of the name or not; so a last line feed, and all that URL parsers drop; as on Windows or not. Empty where
 * there is nothing to understand differently.
 */
export function laxReadings(path: string): LaxReading[] {
  if (!CONFUSABLE.test(path)) return [];
  const readings = new Map<string, LaxReading>();
  let text = path;
  for (const decodings of DECODINGS) {
    const decoded = decodings === 0 ? text : decode(text);
    if (decodings > 0 && decoded === text) break;
    const asPath = (read: string) => (decodings === 0 ? read : read.replaceAll('%', '%25'));
    for (const whole of alternatives(decoded, /\?.*$/s))
      for (const line of alternatives(whole, /\n$/, /[\t\n\r]/g))
        for (const named of alternatives(line, /;[^/\\]*/g, /;[^/]*/g))
          for (const spelled of [named, asOnWindows(named)])
            for (const { path: read, climbs } of resolutions(spelled))
              readings.set(asPath(read), { path: asPath(read), climbs });
    text = decoded;
  }
  return [...readings.values()];
}

function alternatives(text: string, ...cuts: RegExp[]): Set<string> {
  return new Set([text, ...cuts.map((cut) => text.replace(cut, ''))]);
}

function decode(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function asOnWindows(text: string): string {
  return text
    .replaceAll('\\', '/')
    .replace(/[^/]+/g, (name) => (/^\.{1,2} *$/.test(name) ? name.trimEnd() : name.replace(/[. ]+$/, '')));
}

/** `..` resolved after empty names are dropped, or before (RFC 3986), or not at all. */
function resolutions(text: string): LaxReading[] {
  const all = text.split('/');
  const named = all.filter((name) => name !== '');
  return [climb(named), climb(all.slice(1)), asNames(named)];
}

function climb(names: readonly string[]): LaxReading {
  const kept: string[] = [];
  for (const name of names) {
    if (name === '..') kept.pop();
    else if (name !== '.') kept.push(name);
  }
  return { path: joined(kept), climbs: names.includes('..') };
}

/** For a server that takes `..` for a name like any other; the stand-in is one that no route spells out. */
function asNames(names: readonly string[]): LaxReading {
  return {
    path: joined(names.filter((name) => name !== '.').map((name) => (name === '..' ? '...' : name))),
    climbs: false,
  };
}

const joined = (names: readonly string[]): string => `/${names.filter((name) => name !== '').join('/')}`;
