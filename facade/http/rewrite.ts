/** `path` with the prefix `from` replaced by `to`, at a segment border only; unchanged without that prefix. */
export function replacePrefix(path: string, from: string, to: string, ignoreCase: boolean): string {
  const head = path.slice(0, from.length);
  const same = ignoreCase ? head.toLowerCase() === from.toLowerCase() : head === from;
  const rest = path.slice(from.length);
  if (!same || !(rest === '' || from.endsWith('/') || /^[/?#]/.test(rest))) return path;
  const replaced = to.endsWith('/') && rest.startsWith('/') ? to + rest.slice(1) : to + rest;
  return replaced.startsWith('/') ? replaced : `/${replaced}`;
}
