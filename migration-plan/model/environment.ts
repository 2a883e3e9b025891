/** A plan value with its `${VAR}` references replaced, and which references could not be. */
export type Substitution = {
  readonly text: string;
  readonly missing: readonly string[];
  readonly malformed: boolean;
};

const REFERENCE = /\$(?:(\$)|\{([A-Za-z_]\w*)(?::-([^}]*))?\}|\{)/g;

/**
 * Replaces `${VAR}` and `${VAR:-default}` as a shell does: the default stands in for an unset or empty variable.
 * `$$` is a literal `$`.
 */
export function substitute(text: string, env: NodeJS.ProcessEnv): Substitution {
  const missing: string[] = [];
  let malformed = false;
  const result = text.replace(
    REFERENCE,
    (whole, dollar, name: string | undefined, fallback: string | undefined) => {
      if (dollar !== undefined) return '$';
      if (name === undefined) {
        malformed = true;
        return whole;
      }
      const value = env[name];
      if (value !== undefined && value !== '') return value;
      if (fallback === undefined) missing.push(name);
      return fallback ?? '';
    },
  );
  return { text: result, missing, malformed };
}

/** Names of the variables that a written value refers to and that the environment sets. */
export function setVariables(text: string, env: NodeJS.ProcessEnv): string[] {
  return [...text.matchAll(REFERENCE)]
    .map((found) => found[2])
    .filter((name): name is string => name !== undefined && (env[name] ?? '') !== '');
}
