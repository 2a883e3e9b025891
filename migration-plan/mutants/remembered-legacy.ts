import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';

type Answer = { readonly status: number; readonly rawHeaders: readonly string[]; readonly body: Buffer };

const OF_THE_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/**
 * Stands before the monolith and answers each request as the monolith answered it first. So every mutant is compared
 * with the same answers, and a write is made once. The first part of a path names the mutant and is taken off.
 */
export function rememberedLegacy(monolith: string): Server {
  const known = new Map<string, Promise<Answer>>();
  return createServer(async (incoming, response) => {
    try {
      const body = await buffer(incoming);
      const path = (incoming.url as string).replace(/^\/[^/]*/, '');
      const { cookie = '' } = incoming.headers;
      const key = JSON.stringify([incoming.method, path, cookie, body.toString('latin1')]);
      const answer = known.get(key) ?? ask(monolith, incoming, path, body);
      known.set(key, answer);
      const { status, rawHeaders, body: answered } = await answer;
      response.writeHead(status, [...rawHeaders]).end(answered);
    } catch {
      response.destroy();
    }
  });
}

function ask(monolith: string, { method, headers }: IncomingMessage, path: string, body: Buffer) {
  return new Promise<Answer>((resolve, reject) => {
    const asked = request(monolith + path, { method, headers }, async (answer) => {
      const rawHeaders = answer.rawHeaders.flatMap((name, at) =>
        at % 2 === 0 && !OF_THE_CONNECTION.has(name.toLowerCase())
          ? [name, answer.rawHeaders[at + 1] as string]
          : [],
      );
      resolve({ status: answer.statusCode as number, rawHeaders, body: await buffer(answer) });
    });
    asked.on('error', reject).end(body);
  });
}
