import { type Answer, type Operation, openapiDocument } from '../../../service-kit/http/openapi.ts';
import { pageSchema, searchQuerySchema } from './search-wire.ts';
import { timesheetSchema } from './timesheet-wire.ts';
import { approvalSchema, editSchema, filingSchema, paymentSchema, rejectionSchema } from './write-wire.ts';

const json = ['application/json'];
const id = '/v2/timesheets/{id}';
const etag = { etag: 'the version, quoted' };
const timesheet: Answer = { description: 'The timesheet', schema: 'Timesheet', headers: etag };
const ifMatch = (required: boolean) => ({
  'if-match': { description: 'ETag of the version that may be changed', required },
});
const invalid = { 400: { description: 'Not valid; `errors` names every fault' } };
const unauthorised = { 401: { description: 'No token, or not the right one' } };
const missing = { 404: { description: 'TIMESHEET_NOT_FOUND' } };
const wrongStatus = { 409: { description: 'TIMESHEET_WRONG_STATUS' } };
const stale = { 412: { description: 'The timesheet has another version' } };
const media = { 415: { description: 'Not JSON' } };

/** A step from one status to the next. */
const step = (name: string, summary: string, schema: string): Operation => ({
  method: 'post',
  path: `${id}/${name}`,
  operationId: `${name}Timesheet`,
  summary,
  headers: ifMatch(false),
  body: { schema, mediaTypes: json },
  answers: {
    200: timesheet,
    ...invalid,
    ...unauthorised,
    ...missing,
    ...wrongStatus,
    ...stale,
    ...media,
  },
});

const operations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v2/timesheets',
    operationId: 'searchTimesheets',
    summary: 'Search, sorted, a page at a time.',
    query: searchQuerySchema,
    answers: { 200: { description: 'A page', schema: 'TimesheetPage' }, ...invalid, ...unauthorised },
  },
  {
    method: 'post',
    path: '/v2/timesheets',
    operationId: 'fileTimesheet',
    summary: 'File a draft; with an Idempotency-Key once, however often it is sent.',
    headers: {
      'idempotency-key': { description: 'same key and body: same answer, for 24 hours', required: false },
    },
    body: { schema: 'TimesheetFiling', mediaTypes: json },
    answers: {
      201: { ...timesheet, headers: { ...etag, location: 'where the timesheet is' } },
      ...invalid,
      ...unauthorised,
      409: { description: 'TIMESHEET_DAY_FULL: more than 24 hours of that freelancer on that day' },
      ...media,
      422: { description: 'The Idempotency-Key came with another body before' },
    },
  },
  {
    method: 'get',
    path: id,
    operationId: 'readTimesheet',
    summary: 'Read a timesheet.',
    headers: { 'if-none-match': { description: 'ETag already held', required: false } },
    answers: {
      200: timesheet,
      304: { description: 'Still that version', headers: etag },
      ...unauthorised,
      ...missing,
    },
  },
  {
    method: 'patch',
    path: id,
    operationId: 'editTimesheet',
    summary:
      'Merge changes into a draft, a submitted or a rejected timesheet (RFC 7396); a rejected one is a draft then.',
    headers: ifMatch(true),
    body: { schema: 'TimesheetEdit', mediaTypes: ['application/merge-patch+json', ...json] },
    answers: {
      200: timesheet,
      ...invalid,
      ...unauthorised,
      ...missing,
      409: { description: 'TIMESHEET_WRONG_STATUS or TIMESHEET_DAY_FULL' },
      ...stale,
      ...media,
      428: { description: 'If-Match is missing' },
    },
  },
  {
    method: 'delete',
    path: id,
    operationId: 'removeTimesheet',
    summary: 'Remove a draft or a rejected timesheet for good.',
    headers: ifMatch(false),
    answers: { 204: { description: 'Gone' }, ...unauthorised, ...missing, ...wrongStatus, ...stale },
  },
  {
    method: 'post',
    path: `${id}/submit`,
    operationId: 'submitTimesheet',
    summary: 'Submit a draft.',
    headers: ifMatch(false),
    answers: { 200: timesheet, ...unauthorised, ...missing, ...wrongStatus, ...stale },
  },
  step('approve', 'Approve a submitted timesheet.', 'TimesheetApproval'),
  step(
    'reject',
    'Reject a submitted or approved timesheet; the reason takes the place of the note.',
    'TimesheetRejection',
  ),
  step('pay', 'Mark an approved timesheet as paid by a payment.', 'TimesheetPayment'),
];

/** OpenAPI 3.1 of this service. `version` is the one of the package. */
export function timesheetsOpenapi(version: string): Record<string, unknown> {
  return openapiDocument({
    title: 'Timesheets',
    version,
    description:
      'Hours of freelancers on projects, from draft to paid. Errors are problem+json with a stable `code`.',
    schemas: {
      Timesheet: timesheetSchema,
      TimesheetPage: pageSchema,
      TimesheetFiling: filingSchema,
      TimesheetEdit: editSchema,
      TimesheetApproval: approvalSchema,
      TimesheetRejection: rejectionSchema,
      TimesheetPayment: paymentSchema,
    },
    operations,
  });
}
