import http from 'node:http';

export type Client = {
  /** The body of a success, parsed; rejects with status and body otherwise. */
  send(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
  close(): void;
};

/** Connections are kept and plenty: who waits, waits for the server. */
const MAX_SOCKETS = 512;

/** Speaks JSON to one server. */
export function client(url: string, headers: Readonly<Record<string, string>> = {}): Client {
  const agent = new http.Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const { hostname, port } = new URL(url);
  return {
    send(method, path, body) {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const typed = text === undefined ? {} : { 'content-type': 'application/json' };
      return new Promise((resolve, reject) => {
        const sent = http.request(
          { hostname, port, method, path, agent, headers: { ...headers, ...typed } },
          (answer) => {
            let got = '';
            answer.setEncoding('utf8');
            answer.on('data', (chunk: string) => {
              got += chunk;
            });
            answer.on('error', reject);
            answer.on('end', () => {
              const status = answer.statusCode ?? 0;
              if (status >= 300) reject(new Error(`${method} ${path}: ${status} ${got.slice(0, 200)}`));
              else resolve(got === '' ? {} : JSON.parse(got));
            });
          },
        );
        sent.on('error', reject);
        sent.end(text);
      });
    },
    close: () => agent.destroy(),
  };
}

/** Cookie header of somebody who may write to the monolith. */
export async function login(legacy: string): Promise<string> {
  const answer = await fetch(`${legacy}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'disp', pass: 'disp' }),
  });
  const cookie = answer.headers.getSetCookie()[0]?.split(';', 1)[0];
  if (cookie === undefined) throw new Error(`no session: ${answer.status} ${await answer.text()}`);
  return cookie;
}
