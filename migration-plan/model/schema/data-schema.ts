import { z } from 'zod';
import { refusalText } from '../reading.ts';
import * as term from './terms.ts';
import { choice, list, mapping } from './value.ts';

const state = () =>
  choice('running', 'stopped', 'moved').prefault('running').meta({
    description:
      'Whether it still writes the tables: `stopped` (nobody starts it while the candidate owns them) and `moved` (the service does it) are promises. Cutover refuses while it is `running`.',
  });

/** A job by its name alone, which runs, or with its state. */
function job() {
  const named = term.word('job', 'nightly-close').transform((name) => ({ name, state: 'running' as const }));
  const stated = mapping(
    {
      name: term.word('job', 'nightly-close').meta({ description: 'Name of the job.' }),
      state: state(),
    },
    '{ name: nightly-close, state: stopped }',
  );
  return z
    .union([named, stated], {
      error: refusalText('a job or `{ name, state }`', '{ name: nightly-close, state: stopped }'),
    })
    .meta({ title: 'job or `{ name, state }`' });
}

/** A method and path of the monolith alone, which is in use, or with its state. */
function request() {
  const written = term.match().transform((match) => ({ match, state: 'running' as const }));
  const stated = mapping(
    {
      request: term.match().meta({ description: 'Method and path, as in `match` of a route.' }),
      state: state(),
    },
    '{ request: POST /api/issues/run, state: stopped }',
  ).transform(({ request: match, state }) => ({ match, state }));
  return z
    .union([written, stated], {
      error: refusalText(
        '`METHOD /path` or `{ request, state }`',
        '{ request: POST /api/issues/run, state: stopped }',
      ),
    })
    .meta({ title: 'match or `{ request, state }`' });
}

/** `data/*.yaml`: one data set each. The one source of its keys, types and defaults. */
export const dataSchema = mapping(
  {
    set: term
      .name('articles')
      .meta({ description: 'Name of the data set; the file is called data/SET.yaml.' }),
    service: mapping(
      {
        url: term
          .url()
          .meta({ description: 'Where the relay reaches the service that holds the candidate store.' }),
        stream: term.name('articles').meta({ description: "Name of the service's sync inbox for this set." }),
      },
      '{ url: http://127.0.0.1:4111, stream: articles }',
    ).meta({ description: 'The service that the set moves to.' }),
    tables: list(
      mapping(
        {
          name: term.word('table name', 'articles').meta({ description: 'Table in the legacy database.' }),
          key: term.word('column name', 'art_id').meta({ description: 'Its primary key column.' }),
        },
        '{ name: articles, key: art_id }',
      ),
      '[{ name: articles, key: art_id }]',
      1,
    ).meta({ description: 'The legacy tables that change owner together; parents first.' }),
    translator: term.file('acl/translators/articles.ts').meta({
      description: 'Module that translates rows, relative to the folder that holds the plan folder.',
    }),
    routes: list(term.name('articles'), '[articles]', 1).meta({
      description:
        'The routes whose unsafe requests write the set; each names it as `data: { owned: SET }`, or cutover refuses.',
    }),
    requests: list(request(), '[POST /api/issues/run]').prefault([]).meta({
      description:
        'Further requests that write the tables: of another feature, of a page, by a cascade. Each must come into a route of the set, or stop, before cutover.',
    }),
    jobs: list(job(), '[nightly-close]')
      .prefault([])
      .meta({ description: 'Jobs that write the tables behind the API.' }),
    maxLag: term.durationAboveZero().prefault('5s').meta({
      description:
        'How far the candidate may lag: beyond it, or while nobody knows, all reads of the set go to its owner (`FENCED`).',
    }),
  },
  'set: articles',
);
