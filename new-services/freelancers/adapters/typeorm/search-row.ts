import { EntitySchema } from 'typeorm';
import { bigintAsNumber } from '../../../service-kit/database/columns.ts';
import { type Freelancer, fullName } from '../../domain/freelancer.ts';
import { searchName, searchText, skillKey } from '../../domain/search-text.ts';

/** A freelancer as JSON keeps it: the times are text. */
export type FreelancerDocument = Omit<Freelancer, 'createdAt' | 'updatedAt'> & {
  readonly createdAt: string;
  readonly updatedAt: string;
};

/** A row of table `freelancer_search`: what a search filters and sorts by, and what it answers. */
export type SearchRow = {
  id: string;
  number: number;
  matchcode: string;
  name: string;
  rate: string;
  status: string;
  skill_keys: string[];
  search_text: string;
  search_name: string;
  available_from: string | null;
  archived: boolean;
  document: FreelancerDocument;
};

export const SearchEntity = new EntitySchema<SearchRow>({
  name: 'freelancer_search',
  tableName: 'freelancer_search',
  columns: {
    id: { type: 'uuid', primary: true },
    number: { type: 'bigint', transformer: bigintAsNumber },
    matchcode: { type: 'text' },
    name: { type: 'text' },
    rate: { type: 'numeric', precision: 17, scale: 2 },
    status: { type: 'text' },
    skill_keys: { type: 'text', array: true },
    search_text: { type: 'text' },
    search_name: { type: 'text' },
    available_from: { type: 'date', nullable: true },
    archived: { type: 'boolean' },
    document: { type: 'jsonb' },
  },
});

export const searchColumns = Object.keys(SearchEntity.options.columns);

export function toSearchRow(freelancer: Freelancer): SearchRow {
  return {
    id: freelancer.id,
    number: freelancer.number,
    matchcode: freelancer.matchcode,
    name: fullName(freelancer.name),
    rate: freelancer.hourlyRate.amount,
    status: freelancer.status,
    skill_keys: freelancer.skills.map(skillKey),
    search_text: searchText(freelancer),
    search_name: searchName(freelancer),
    available_from: freelancer.availableFrom,
    archived: freelancer.archived,
    document: toDocument(freelancer),
  };
}

export function toDocument(freelancer: Freelancer): FreelancerDocument {
  return {
    ...freelancer,
    createdAt: freelancer.createdAt.toISOString(),
    updatedAt: freelancer.updatedAt.toISOString(),
  };
}

export function fromDocument(document: FreelancerDocument): Freelancer {
  return { ...document, createdAt: new Date(document.createdAt), updatedAt: new Date(document.updatedAt) };
}
