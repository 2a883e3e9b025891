import { createApp } from './app.ts';
import { openDatabase } from './db/connection.ts';

type Layer = {
  readonly name: string;
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
};

/** Prints every endpoint as Express knows it, one `METHOD /path` a line; static files are not among them. */
function main(): void {
  // opened lazily, and nothing here asks it
  const db = openDatabase({ dialect: 'sqlite', file: ':memory:', label: 'nowhere' });
  const { app, stop } = createApp(db, 'nobody logs in', () => {});
  stop();
  for (const { route } of app.router.stack as unknown as Layer[])
    for (const method of Object.keys(route?.methods ?? {}))
      console.log(`${method.toUpperCase()} ${route!.path}`);
}

main();
