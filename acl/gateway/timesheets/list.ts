import type { RequestHandler } from 'express';
import type { HttpClient } from '../../gateway-kit/http-client.ts';
import { requestIdOf } from '../../gateway-kit/request-id.ts';
import { type Names, newToLegacy, searchToNew } from '../../translators/timesheets.ts';
import { OtherContexts } from './other-contexts.ts';
import type { Page, TimesheetsService } from './timesheets-service.ts';

/** Far beyond any table, and small enough for every database. */
const MAX_SKIP = 1_000_000_000;
const NOTHING: Page = { items: [], total: 0 };

/** The legacy list: a bare array, the total in a header, and the last page for every page beyond the end. */
export function listTimesheets(service: TimesheetsService, legacy: HttpClient): RequestHandler {
  return async (request, response) => {
    const search = searchToNew(request.query);
    const requestId = requestIdOf(request);
    const pageAt = (page: number) =>
      service.search(
        search.query,
        { skip: Math.min((page - 1) * search.size, MAX_SKIP), limit: search.size },
        requestId,
      );
    let page = search.matchesNothing ? NOTHING : await pageAt(search.page);
    if (page.items.length === 0 && page.total > 0) page = await pageAt(Math.ceil(page.total / search.size));
    const names = await new OtherContexts(legacy, request).namesOf(page.items);
    response.set('X-Total-Count', String(page.total));
    response.json(page.items.map((sheet, index) => newToLegacy(sheet, names[index] as Names)));
  };
}
