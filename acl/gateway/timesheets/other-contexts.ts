import type { Request } from 'express';
import { ServiceProblem } from '../../gateway-kit/error.ts';
import type { HttpClient } from '../../gateway-kit/http-client.ts';
import { requestIdOf } from '../../gateway-kit/request-id.ts';
import type { Names } from '../../translators/timesheets.ts';

type Freelancer = { readonly name: string; readonly canWork: boolean; readonly rateCents: number };
type Project = {
  readonly title: string;
  readonly isOpen: boolean;
  /** What was agreed for those who are on it, in cents, by number. */
  readonly agreedCents: ReadonlyMap<number, number>;
};
type Numbers = { readonly freelancerNumber: number; readonly projectNumber: number };

/** Somebody logged out between the check of the session and a question that was asked in their name. */
export class SessionOver extends Error {
  override readonly name = 'SessionOver';
}

/**
 * What timesheets show and need of freelancers and projects. Projects live in the monolith, and so does a copy of the
 * freelancers whoever owns them: it is asked, in the caller's name, each time, so that a new name shows at once.
 */
export class OtherContexts {
  readonly #legacy: HttpClient;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(legacy: HttpClient, request: Request) {
    this.#legacy = legacy;
    this.#headers = { cookie: request.headers.cookie ?? '', 'x-request-id': requestIdOf(request) };
  }

  /** Null when there is none. */
  async freelancer(number: number): Promise<Freelancer | null> {
    const row = await this.#read('freelancers', number);
    if (row === null) return null;
    return {
      name: String(row.frl_name),
      canWork: row.frl_stat !== 'B' && row.del_flag !== 'Y',
      rateCents: Number(row.rate_ct),
    };
  }

  /** Null when there is none. */
  async project(number: number): Promise<Project | null> {
    const row = await this.#read('projects', number);
    if (row === null) return null;
    const assigned = row.freelancers as readonly { frl_id: number; rate_ct: number }[];
    return {
      title: String(row.prj_title),
      isOpen: row.prj_stat !== 'done' && row.prj_stat !== 'canc' && row.del_flag !== 'Y',
      agreedCents: new Map(assigned.map(({ frl_id, rate_ct }) => [frl_id, rate_ct])),
    };
  }

  /** Names for each of the sheets, in their order; each freelancer and project is asked for once. */
  async namesOf(sheets: readonly Numbers[]): Promise<readonly Names[]> {
    const [freelancers, projects] = await Promise.all([
      each(
        sheets.map((sheet) => sheet.freelancerNumber),
        async (number) => (await this.freelancer(number))?.name,
      ),
      each(
        sheets.map((sheet) => sheet.projectNumber),
        async (number) => (await this.project(number))?.title,
      ),
    ]);
    // Without a name it was deleted a moment ago, and the sheet is about to follow.
    return sheets.map((sheet) => ({
      freelancer: freelancers.get(sheet.freelancerNumber) ?? '',
      project: projects.get(sheet.projectNumber) ?? '',
    }));
  }

  async #read(what: string, number: number): Promise<Record<string, unknown> | null> {
    const path = `/api/${what}/${number}`;
    const answer = await this.#legacy.send({ method: 'GET', path, headers: this.#headers });
    if (answer.status === 404) return null;
    if (answer.status === 401) throw new SessionOver();
    if (answer.status === 200) return answer.body as Record<string, unknown>;
    throw new ServiceProblem(`GET ${this.#legacy.url}${path}`, answer.status, answer.body);
  }
}

async function each<T>(
  numbers: readonly number[],
  ask: (number: number) => Promise<T>,
): Promise<ReadonlyMap<number, T>> {
  const entries = [...new Set(numbers)].map(async (number) => [number, await ask(number)] as const);
  return new Map(await Promise.all(entries));
}
