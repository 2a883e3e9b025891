import { type Freelancer, fullName } from './freelancer.ts';
import { upperByLetter } from './letter-case.ts';
import { fold } from './matchcode.ts';

/** What a search by text looks into, upper case; the line break keeps a hit from spanning two fields. */
export function searchText(freelancer: Freelancer): string {
  return [freelancer.matchcode, freelancer.email ?? '', freelancer.skills.join(',')]
    .map(upperByLetter)
    .join('\n');
}

/** The name as written, lower case: found by those whose query has no Latin letters. */
export function searchName(freelancer: Freelancer): string {
  return fullName(freelancer.name).toLowerCase();
}

/** Skills that differ in case alone are the same skill. */
export function skillKey(skill: string): string {
  return upperByLetter(skill);
}

/** Where to look for a query, and for which substring; null when the query is blank and filters nothing. */
export function textNeedle(query: string): { in: 'text' | 'name'; needle: string } | null {
  if (query.trim() === '') return null;
  const folded = fold(query);
  return folded === '' ? { in: 'name', needle: query.trim().toLowerCase() } : { in: 'text', needle: folded };
}
