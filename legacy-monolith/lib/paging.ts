import type { Request } from 'express';
import { last } from './input.ts';

export type Paging = {
  readonly page: number;
  readonly pages: number;
  readonly size: number;
  readonly offset: number;
};

/** `page` and `size` of a list. 2017-02-20 ts: pulled out of freelancers, which still has its own. Same rules. */
export function paging(req: Request, total: number): Paging {
  let size = parseInt(last(req.query.size), 10);
  if (Number.isNaN(size) || size < 1) size = 20;
  if (size > 100) size = 100;
  let page = parseInt(last(req.query.page), 10);
  if (Number.isNaN(page) || page < 1) page = 1;
  const pages = Math.max(1, Math.ceil(total / size));
  // beyond the end = last page
  if (page > pages) page = pages;
  return { page, pages, size, offset: (page - 1) * size };
}
