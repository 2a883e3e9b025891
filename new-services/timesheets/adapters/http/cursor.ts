import { createHash } from 'node:crypto';
import { z } from 'zod';
import { problem } from '../../../service-kit/http/problem.ts';
import { textOf } from '../../../service-kit/http/text-schema.ts';
import type { Filters, SortOrder, SortPosition } from '../../application/timesheet-search.ts';

const contentSchema = z.tuple([z.string(), textOf(20), z.int().positive()]);

/** An opaque text for a position, good only for the sort and the filters of the search that answered it. */
export function writeCursor(position: SortPosition, sort: SortOrder, filters: Filters): string {
  const content: z.infer<typeof contentSchema> = [binding(sort, filters), position.value, position.number];
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** The position of a cursor, or a 400 problem when it is not one, or not one of this search. */
export function readCursor(cursor: string, sort: SortOrder, filters: Filters): SortPosition {
  const [bound, value, number] = decode(cursor);
  if (bound !== binding(sort, filters))
    throw rejected('belongs to a search with another sort or other filters; start again without it');
  if (!isValueOf(sort, value)) throw rejected('is not one of this service');
  return { value, number };
}

function isValueOf(sort: SortOrder, value: string): boolean {
  if (sort.endsWith('day')) return z.iso.date().safeParse(value).success;
  return /^-?\d{1,18}(\.\d{2})?$/.test(value);
}

function decode(cursor: string): z.infer<typeof contentSchema> {
  try {
    return contentSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw rejected('is not one of this service');
  }
}

function binding(sort: SortOrder, filters: Filters): string {
  const { freelancerNumber, projectNumber, from, to, statuses, text } = filters;
  const bound = [sort, freelancerNumber, projectNumber, from, to, statuses, text];
  return createHash('sha256').update(JSON.stringify(bound)).digest('base64url').slice(0, 16);
}

function rejected(message: string): Error {
  return problem('REQUEST_INVALID', `query: cursor: ${message}`, [{ path: 'cursor', message }]);
}
