import { rawRequest } from './raw-http.ts';

/** Every living row of a stream, as the export of its service gives it: value by key. */
export async function exportedRows(
  service: string,
  stream: string,
  token: string,
): Promise<Map<string, unknown>> {
  const rows = new Map<string, unknown>();
  for (let after = ''; ; ) {
    const answer = await rawRequest(service, {
      method: 'GET',
      path: `/.fig/sync/${stream}/export?limit=1000${after}`,
      headers: { authorization: `Bearer ${token}` },
    });
    const page = JSON.parse(answer.body);
    for (const row of page.rows) if (!row.deleted) rows.set(row.key, row.value);
    if (page.next === null) return rows;
    after = `&after=${page.next}`;
  }
}
