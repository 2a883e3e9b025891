/** SQLSTATE of a database error, e.g. `23505`; undefined for anything else. */
function sqlState(error: unknown): string | undefined {
  const { code, driverError } = (error ?? {}) as { code?: unknown; driverError?: unknown };
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && code !== 'EPIPE') return code;
  return driverError === undefined ? undefined : sqlState(driverError);
}

/** True for a violation of the named unique constraint or index. */
export function violates(error: unknown, constraint: string): boolean {
  const { driverError } = (error ?? {}) as { driverError?: { constraint?: string } };
  return sqlState(error) === '23505' && driverError?.constraint === constraint;
}

/** Why the database refused a row, in words: which column or constraint, none of its own text and no values. */
export function rowFaultInWords(error: unknown): string {
  const { driverError = {} } = (error ?? {}) as { driverError?: { column?: string; constraint?: string } };
  const state = sqlState(error) ?? '';
  const { column, constraint } = driverError;
  if (state === '23505') return `expected what no other row holds (${constraint}), got what one holds`;
  if (state === '23502') return `${column}: expected a value, got none`;
  if (state.startsWith('23')) return `expected a row that the rule ${constraint} allows, got another one`;
  const where = column === undefined ? '' : `${column}: `;
  return `${where}expected values that the database can store, got one that it cannot (SQLSTATE ${state})`;
}

/** The row itself is at fault (class 22 data exception, 23 constraint): repeating cannot help. */
export function isRowFault(error: unknown): boolean {
  return /^2[23]/.test(sqlState(error) ?? '');
}

/** Another transaction was in the way (serialization failure, deadlock): repeating helps. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01'].includes(sqlState(error) ?? '');
}

/** A lock was waited for as long as `lock_timeout` allows. */
export function isLockTimeout(error: unknown): boolean {
  return sqlState(error) === '55P03';
}

const networkCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);

/** The server is away, starting, stopping or full (classes 08, 57P, 53300) or the pool gave up waiting. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  const { code, message, driverError } = (error ?? {}) as {
    code?: unknown;
    message?: string;
    driverError?: unknown;
  };
  if (/^(08|57P0[1-3]|53300)/.test(sqlState(error) ?? '')) return true;
  if (networkCodes.has(code)) return true;
  if (/^(Connection terminated|timeout expired|timeout exceeded when trying to connect)/.test(message ?? ''))
    return true;
  return driverError === undefined || driverError === error ? false : isUnavailable(driverError);
}
