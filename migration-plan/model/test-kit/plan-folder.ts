import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const PLAN = `version: 1
legacy: { url: http://127.0.0.1:4101 }
candidates:
  catalog: { url: http://127.0.0.1:4102 }
`;

export const ROUTE = `route: articles
match: [GET /api/articles]
candidate: catalog
`;

export const DATA = `set: articles
service: { url: http://127.0.0.1:4111, stream: articles }
tables: [{ name: articles, key: art_id }]
translator: translators/articles.ts
routes: [articles]
`;

/** Plan folders in temporary folders of their own; `removeAll` takes them away again. */
export class PlanFolders {
  readonly #roots: string[] = [];

  /** Writes a plan folder from paths and texts; plan.yaml is a good one unless it is named. Null leaves it out. */
  write(files: Record<string, string | Uint8Array | null>): string {
    const root = mkdtempSync(join(tmpdir(), 'fig-plan-'));
    this.#roots.push(root);
    const folder = join(root, 'plan');
    mkdirSync(folder);
    mkdirSync(join(root, 'translators'));
    writeFileSync(join(root, 'translators/articles.ts'), '');
    for (const [path, content] of Object.entries({ 'plan.yaml': PLAN, ...files })) {
      if (content === null) continue;
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    return folder;
  }

  removeAll(): void {
    for (const root of this.#roots.splice(0)) rmSync(root, { recursive: true, force: true });
  }
}
