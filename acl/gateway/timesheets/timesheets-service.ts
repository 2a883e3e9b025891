import { ServiceProblem } from '../../gateway-kit/error.ts';
import type { HttpAnswer, HttpCall, HttpClient } from '../../gateway-kit/http-client.ts';
import { type Edit, type TimesheetValue, timesheetId } from '../../translators/timesheets.ts';

/** A timesheet with the version that its next change must name. */
export type Versioned = TimesheetValue & { readonly version: number };
export type Page = { readonly items: readonly TimesheetValue[]; readonly total: number };
export type Filing = Pick<
  TimesheetValue,
  'freelancerNumber' | 'projectNumber' | 'day' | 'hours' | 'hourlyRate' | 'billable' | 'note'
>;
/** What became of a change. `invalid` is a value that legacy would have taken and the service does not. */
export type Change =
  | { readonly kind: 'done'; readonly timesheet: TimesheetValue }
  | { readonly kind: 'stale' | 'missing' | 'day-full' | 'wrong-status' | 'invalid' };
export type Step = 'submit' | 'approve' | 'reject';

/** As many sheets of one day as are looked at when it must be told whether there is room. */
const SHEETS_OF_A_DAY = 200;

/** The new service as the gateway needs it, addressed by legacy's numbers. `requestId` is passed on. */
export class TimesheetsService {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  async search(
    query: Readonly<Record<string, string>>,
    paging: { readonly skip: number; readonly limit: number },
    requestId: string,
  ): Promise<Page> {
    const { skip, limit } = paging;
    const search = new URLSearchParams({
      ...query,
      skip: String(skip),
      limit: String(limit),
      count: 'exact',
    });
    const answer = await this.#http.expect(
      traced({ method: 'GET', path: `/v2/timesheets?${search}` }, requestId),
    );
    return answer.body as Page;
  }

  async find(number: number, requestId: string): Promise<Versioned | null> {
    const answer = await this.#http.send(traced({ method: 'GET', path: pathOf(number) }, requestId));
    if (answer.status === 404) return null;
    if (answer.status === 200) return answer.body as Versioned;
    throw unexpected('GET', answer);
  }

  /** Whether the day would have room for `sheet`, besides itself. For refusals that come after that of a full day. */
  async hasRoom(
    sheet: { number: number | null; freelancerNumber: number; day: string; hours: string },
    requestId: string,
  ): Promise<boolean> {
    const { freelancerNumber, day } = sheet;
    const query = {
      freelancerNumber: String(freelancerNumber),
      from: day,
      to: day,
      status: 'draft,submitted,approved,paid',
    };
    const { items } = await this.search(query, { skip: 0, limit: SHEETS_OF_A_DAY }, requestId);
    const others = items.filter(({ number }) => number !== sheet.number);
    const hundredths = [...others, sheet].map(({ hours }) => Number(hours.replace('.', '')));
    return hundredths.reduce((sum, one) => sum + one, 0) <= 2400;
  }

  file(filing: Filing, requestId: string): Promise<Change> {
    return this.#change({ method: 'POST', path: '/v2/timesheets', json: filing }, requestId);
  }

  /** Changes exactly the version that was read. */
  edit(current: Versioned, edit: Edit, requestId: string): Promise<Change> {
    const headers = { 'if-match': `"${current.version}"`, 'content-type': 'application/merge-patch+json' };
    return this.#change({ method: 'PATCH', path: pathOf(current.number), json: edit, headers }, requestId);
  }

  take(number: number, step: Step, body: object, requestId: string): Promise<Change> {
    return this.#change({ method: 'POST', path: `${pathOf(number)}/${step}`, json: body }, requestId);
  }

  async remove(number: number, requestId: string): Promise<'removed' | 'missing' | 'wrong-status'> {
    const answer = await this.#http.send(traced({ method: 'DELETE', path: pathOf(number) }, requestId));
    if (answer.status === 204) return 'removed';
    if (answer.status === 404) return 'missing';
    if (codeOf(answer) === 'TIMESHEET_WRONG_STATUS') return 'wrong-status';
    throw unexpected('DELETE', answer);
  }

  async #change(call: HttpCall, requestId: string): Promise<Change> {
    const answer = await this.#http.send(traced(call, requestId));
    if (answer.status === 200 || answer.status === 201)
      return { kind: 'done', timesheet: answer.body as TimesheetValue };
    if (answer.status === 404) return { kind: 'missing' };
    if (answer.status === 412) return { kind: 'stale' };
    if (answer.status === 400 || answer.status === 422) return { kind: 'invalid' };
    if (codeOf(answer) === 'TIMESHEET_DAY_FULL') return { kind: 'day-full' };
    if (codeOf(answer) === 'TIMESHEET_WRONG_STATUS') return { kind: 'wrong-status' };
    throw unexpected(call.method, answer);
  }
}

function codeOf(answer: HttpAnswer): unknown {
  return (answer.body as { code?: unknown } | null)?.code;
}

function pathOf(number: number): string {
  return `/v2/timesheets/${timesheetId(number)}`;
}

function traced(call: HttpCall, requestId: string): HttpCall {
  return { ...call, headers: { 'x-request-id': requestId, ...call.headers } };
}

function unexpected(method: string, answer: HttpAnswer): ServiceProblem {
  return new ServiceProblem(`${method} /v2/timesheets`, answer.status, answer.body);
}
