import { parse, v5 } from 'uuid';

const URL_NAMESPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

/**
 * UUIDv5 of the timesheets context. The service states the same value in its own domain; a test here pins it, so that
 * the two cannot drift apart unseen.
 */
export const TIMESHEET_NAMESPACE = v5('https://fig.example/contexts/timesheets', URL_NAMESPACE);
/** As text it would be read again for each id, which takes as long as the rest. */
const namespaceBytes = parse(TIMESHEET_NAMESPACE);

/** The candidate's id of a legacy row (RFC 9562 §5.5): the same number always gives the same id. */
export function timesheetId(number: number): string {
  return v5(String(number), namespaceBytes);
}
