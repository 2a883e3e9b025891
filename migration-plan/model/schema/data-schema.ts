import * as term from './terms.ts';
import { list, mapping } from './value.ts';

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
      description: 'The routes whose unsafe requests write the set; each names it as `data: { owned: SET }`.',
    }),
    jobs: list(term.word('job', 'nightly-close'), '[nightly-close]')
      .prefault([])
      .meta({ description: 'Jobs that write the tables behind the API.' }),
    maxLag: term.durationAboveZero().prefault('5s').meta({
      description: 'How far the relay may lag before reads count as behind.',
    }),
  },
  'set: articles',
);
