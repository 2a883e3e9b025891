import type { DataSource, SelectQueryBuilder } from 'typeorm';
import {
  type Filters,
  type FreelancerSearch,
  positionOf,
  type SearchQuery,
  type SortPosition,
} from '../../application/freelancer-search.ts';
import { skillKey, textNeedle } from '../../domain/search-text.ts';
import { type FreelancerDocument, fromDocument, SearchEntity, type SearchRow } from './search-row.ts';

type Builder = SelectQueryBuilder<SearchRow>;

/** Search on the view alone. */
export function typeormFreelancerSearch(dataSource: DataSource): FreelancerSearch {
  const filtered = (filters: Filters): Builder =>
    applyFilters(dataSource.createQueryBuilder(SearchEntity, 'v'), filters);
  return {
    async search({ filters, sort, after, skip, limit, count }) {
      const [documents, total] = await Promise.all([
        page(dataSource, filtered(filters), { sort, after, skip, limit }),
        count ? countAll(filtered(filters)) : null,
      ]);
      const items = documents.slice(0, limit).map(fromDocument);
      const last = items.at(-1);
      return {
        items,
        next: documents.length > limit && last !== undefined ? positionOf(last, sort) : null,
        total,
      };
    },
  };
}

async function page(
  dataSource: DataSource,
  matches: Builder,
  { sort, after, skip, limit }: Pick<SearchQuery, 'sort' | 'after' | 'skip' | 'limit'>,
): Promise<FreelancerDocument[]> {
  const column = sort.replace('-', '');
  const direction = sort.startsWith('-') ? 'DESC' : 'ASC';
  if (after !== null) applyPosition(matches, column, direction, after);
  matches.select('v.id', 'id').addSelect('v.number', 'tie');
  if (column === 'number') matches.orderBy('v.number', direction);
  else {
    matches
      .addSelect(`v.${column}`, 'sorted')
      .orderBy(`v.${column}`, direction)
      .addOrderBy('v.number', 'DESC');
  }
  const order = column === 'number' ? `hit.tie ${direction}` : `hit.sorted ${direction}, hit.tie DESC`;
  // Documents are fetched for the page alone: rows that are skipped cost an index entry each.
  const [ids, parameters] = matches
    .offset(skip)
    .limit(limit + 1)
    .getQueryAndParameters();
  const rows: { document: FreelancerDocument }[] = await dataSource.query(
    `SELECT row.document FROM (${ids}) AS hit JOIN freelancer_search AS row ON row.id = hit.id
     ORDER BY ${order}`,
    parameters,
  );
  return rows.map((row) => row.document);
}

async function countAll(matches: Builder): Promise<number> {
  const row = await matches.select('count(*)', 'total').getRawOne<{ total: string }>();
  return Number(row?.total ?? 0);
}

function applyPosition(query: Builder, column: string, direction: 'ASC' | 'DESC', after: SortPosition): void {
  const beyond = direction === 'ASC' ? '>' : '<';
  if (column === 'number') {
    query.andWhere(`v.number ${beyond} :afterNumber`, { afterNumber: after.number });
    return;
  }
  // The first condition bounds the index scan, the second passes over the ties that came before.
  query.andWhere(
    `v.${column} ${beyond}= :afterValue AND (v.${column} ${beyond} :afterValue OR v.number < :afterNumber)`,
    { afterValue: after.value, afterNumber: after.number },
  );
}

function applyFilters(query: Builder, filters: Filters): Builder {
  if (filters.archived !== 'include')
    query.andWhere(filters.archived === 'only' ? 'v.archived' : 'NOT v.archived');
  if (filters.status !== null) query.andWhere('v.status = :status', { status: filters.status });
  if (filters.rateMin !== null) query.andWhere('v.rate >= :rateMin', { rateMin: filters.rateMin });
  if (filters.rateMax !== null) query.andWhere('v.rate <= :rateMax', { rateMax: filters.rateMax });
  if (filters.availableBy !== null) {
    query.andWhere('(v.available_from IS NULL OR v.available_from <= :availableBy)', {
      availableBy: filters.availableBy,
    });
  }
  if (filters.skills.length > 0) {
    query.andWhere('v.skill_keys @> CAST(:skills AS text[])', { skills: filters.skills.map(skillKey) });
  }
  const needle = filters.text === null ? null : textNeedle(filters.text);
  if (needle !== null) {
    const column = needle.in === 'text' ? 'search_text' : 'search_name';
    query.andWhere(`v.${column} LIKE :needle`, { needle: `%${needle.needle.replace(/[\\%_]/g, '\\$&')}%` });
  }
  return query;
}
