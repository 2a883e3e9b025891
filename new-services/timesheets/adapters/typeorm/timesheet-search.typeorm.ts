import type { DataSource, SelectQueryBuilder } from 'typeorm';
import {
  type Filters,
  positionOf,
  type SearchQuery,
  type SortPosition,
  type TimesheetSearch,
} from '../../application/timesheet-search.ts';
import { upperByLetter } from '../../domain/letter-case.ts';
import { fromRow, TimesheetEntity, type TimesheetRow } from './timesheet-row.ts';

type Builder = SelectQueryBuilder<TimesheetRow>;

/** Search on the table itself: it is narrow, and what a search filters and sorts by is in it. */
export function typeormTimesheetSearch(dataSource: DataSource): TimesheetSearch {
  const filtered = (filters: Filters) =>
    applyFilters(dataSource.getRepository(TimesheetEntity).createQueryBuilder('t'), filters);
  return {
    async search({ filters, sort, after, skip, limit, count }) {
      const [rows, total] = await Promise.all([
        page(filtered(filters), { sort, after, skip, limit }),
        count ? filtered(filters).getCount() : null,
      ]);
      const items = rows.slice(0, limit).map(fromRow);
      const last = items.at(-1);
      return {
        items,
        next: rows.length > limit && last !== undefined ? positionOf(last, sort) : null,
        total,
      };
    },
  };
}

function page(
  matches: Builder,
  { sort, after, skip, limit }: Pick<SearchQuery, 'sort' | 'after' | 'skip' | 'limit'>,
): Promise<TimesheetRow[]> {
  const column = sort.replace('-', '');
  const direction = sort.startsWith('-') ? 'DESC' : 'ASC';
  if (after !== null) applyPosition(matches, column, direction, after);
  matches.orderBy(`t.${column}`, direction);
  if (column !== 'number') matches.addOrderBy('t.number', 'DESC');
  return matches
    .offset(skip)
    .limit(limit + 1)
    .getMany();
}

function applyPosition(query: Builder, column: string, direction: 'ASC' | 'DESC', after: SortPosition): void {
  const beyond = direction === 'ASC' ? '>' : '<';
  if (column === 'number') {
    query.andWhere(`t.number ${beyond} :afterNumber`, { afterNumber: after.number });
    return;
  }
  // The first condition bounds the index scan, the second passes over the ties that came before.
  query.andWhere(
    `t.${column} ${beyond}= :afterValue AND (t.${column} ${beyond} :afterValue OR t.number < :afterNumber)`,
    { afterValue: after.value, afterNumber: after.number },
  );
}

function applyFilters(query: Builder, filters: Filters): Builder {
  const { freelancerNumber, projectNumber, from, to, statuses, text } = filters;
  if (freelancerNumber !== null)
    query.andWhere('t.freelancer_number = :freelancerNumber', { freelancerNumber });
  if (projectNumber !== null) query.andWhere('t.project_number = :projectNumber', { projectNumber });
  if (from !== null) query.andWhere('t.day >= :from', { from });
  if (to !== null) query.andWhere('t.day <= :to', { to });
  if (statuses.length > 0) query.andWhere('t.status IN (:...statuses)', { statuses });
  if (text !== null)
    query.andWhere('position(:needle IN t.search_text) > 0', { needle: upperByLetter(text) });
  return query;
}
