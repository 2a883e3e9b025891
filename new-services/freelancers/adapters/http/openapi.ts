import { type Answer, type Operation, openapiDocument } from '../../../service-kit/http/openapi.ts';
import { freelancerSchema } from './freelancer-wire.ts';
import { pageSchema, searchQuerySchema } from './search-wire.ts';
import { blockSchema, editSchema, registrationSchema } from './write-wire.ts';

const json = ['application/json'];
const id = '/v2/freelancers/{id}';
const etag = { etag: 'the version, quoted' };
const freelancer: Answer = { description: 'The freelancer', schema: 'Freelancer', headers: etag };
const ifMatch = (required: boolean) => ({
  'if-match': { description: 'ETag of the version that may be changed', required },
});
const invalid = { 400: { description: 'Not valid; `errors` names every fault' } };
const unauthorised = { 401: { description: 'No token, or not the right one' } };
const missing = { 404: { description: 'FREELANCER_NOT_FOUND' } };
const stale = { 412: { description: 'The freelancer has another version' } };
/** Whatever writes: another one owns the data by now, or the request was decided in another epoch. */
const moved = 'NOT_THE_OWNER, EPOCH_STALE: decide anew where it goes (`x-fig-refused`)';
const elsewhere = { 409: { description: moved } };
const media = { 415: { description: 'Not JSON' } };

const operations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v2/freelancers',
    operationId: 'searchFreelancers',
    summary: 'Search, sorted, a page at a time.',
    query: searchQuerySchema,
    answers: { 200: { description: 'A page', schema: 'FreelancerPage' }, ...invalid, ...unauthorised },
  },
  {
    method: 'post',
    path: '/v2/freelancers',
    operationId: 'registerFreelancer',
    summary: 'Add a freelancer; with an Idempotency-Key once, however often it is sent.',
    headers: {
      'idempotency-key': { description: 'same key and body: same answer, for 24 hours', required: false },
    },
    body: { schema: 'FreelancerRegistration', mediaTypes: json },
    answers: {
      201: { ...freelancer, headers: { ...etag, location: 'where the freelancer is' } },
      ...invalid,
      ...unauthorised,
      409: { description: `FREELANCER_EMAIL_TAKEN; ${moved}` },
      413: { description: 'Over 1 MiB' },
      ...media,
      422: { description: 'The Idempotency-Key came with another body before' },
    },
  },
  {
    method: 'get',
    path: id,
    operationId: 'readFreelancer',
    summary: 'Read a freelancer, archived or not.',
    headers: { 'if-none-match': { description: 'ETag already held', required: false } },
    answers: {
      200: freelancer,
      304: { description: 'Still that version', headers: etag },
      ...unauthorised,
      ...missing,
    },
  },
  {
    method: 'patch',
    path: id,
    operationId: 'editFreelancer',
    summary: 'Merge changes into a freelancer (RFC 7396). A change of nothing keeps the version.',
    headers: ifMatch(true),
    body: { schema: 'FreelancerEdit', mediaTypes: ['application/merge-patch+json', ...json] },
    answers: {
      200: freelancer,
      ...invalid,
      ...unauthorised,
      ...missing,
      409: { description: `FREELANCER_EMAIL_TAKEN; ${moved}` },
      ...stale,
      ...media,
      428: { description: 'If-Match is missing' },
    },
  },
  {
    method: 'delete',
    path: id,
    operationId: 'archiveFreelancer',
    summary: 'Archive a freelancer; again changes nothing.',
    headers: ifMatch(false),
    answers: { 204: { description: 'Archived' }, ...unauthorised, ...missing, ...elsewhere, ...stale },
  },
  {
    method: 'post',
    path: `${id}/activate`,
    operationId: 'activateFreelancer',
    summary: 'Make a freelancer active and forget the reason of a block.',
    headers: ifMatch(false),
    answers: { 200: freelancer, ...unauthorised, ...missing, ...elsewhere, ...stale },
  },
  {
    method: 'post',
    path: `${id}/block`,
    operationId: 'blockFreelancer',
    summary: 'Block a freelancer, with a reason.',
    headers: ifMatch(false),
    body: { schema: 'FreelancerBlock', mediaTypes: json },
    answers: {
      200: freelancer,
      ...invalid,
      ...unauthorised,
      ...missing,
      409: { description: `FREELANCER_ALREADY_BLOCKED; ${moved}` },
      ...stale,
      ...media,
    },
  },
];

/** OpenAPI 3.1 of this service. `version` is the one of the package. */
export function freelancersOpenapi(version: string): Record<string, unknown> {
  return openapiDocument({
    title: 'Freelancers',
    version,
    description: 'A searchable catalogue of freelancers. Errors are problem+json with a stable `code`.',
    schemas: {
      Freelancer: freelancerSchema,
      FreelancerPage: pageSchema,
      FreelancerRegistration: registrationSchema,
      FreelancerEdit: editSchema,
      FreelancerBlock: blockSchema,
    },
    operations,
  });
}
