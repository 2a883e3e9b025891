import { afterEach, describe, expect, test } from '@jest/globals';
import { json, type StubServer, stubServer } from '../testing/stub-server.ts';
import { ServiceProblem, ServiceUnreachable } from './error.ts';
import { HttpClient } from './http-client.ts';

describe('the client of a service', () => {
  let server: StubServer | undefined;
  let client: HttpClient | undefined;
  const open = async (
    answer: Parameters<typeof stubServer>[0],
    options: { timeoutMs?: number; path?: string } = {},
  ) => {
    server = await stubServer(answer);
    const { path = '', ...rest } = options;
    client = new HttpClient({ url: server.url + path, bearer: 'sesame', ...rest });
    return client;
  };
  afterEach(async () => {
    client?.close();
    await server?.close();
    server = undefined;
  });

  test('sends the token, JSON and the given headers under the base path', async () => {
    let body = '';
    const client = await open(
      (request, response) => {
        request.on('data', (chunk) => {
          body += chunk;
        });
        request.on('end', () => json(response, 201, { ok: true }));
      },
      { path: '/base/' },
    );
    const answer = await client.expect({
      method: 'POST',
      path: '/things?x=1',
      headers: { 'x-request-id': 'r1' },
      json: { name: 'Ü' },
    });
    expect(answer).toMatchObject({ status: 201, body: { ok: true } });
    expect(body).toBe('{"name":"Ü"}');
    const [request] = server!.requests;
    expect(request).toMatchObject({ method: 'POST', url: '/base/things?x=1' });
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer sesame',
      'content-type': 'application/json',
      'x-request-id': 'r1',
    });
  });

  test('uses one connection for calls one after the other', async () => {
    const ports = new Set<number | undefined>();
    const client = await open((request, response) => {
      ports.add(request.socket.remotePort);
      json(response, 200, {});
    });
    for (let call = 0; call < 3; call += 1) await client.expect({ method: 'GET', path: '/' });
    expect(ports.size).toBe(1);
  });

  test('throws the problem of a refusal, without the query in its message', async () => {
    const problem = {
      status: 400,
      title: 'Bad',
      detail: 'no such sort',
      code: 'X',
      errors: [{ path: 'sort', message: '?' }],
    };
    const client = await open((_request, response) =>
      json(response, 400, problem, 'application/problem+json'),
    );
    const error = await client
      .expect({ method: 'GET', path: '/things?q=secret' })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ServiceProblem);
    expect(error).toMatchObject({
      status: 400,
      problemCode: 'X',
      detail: 'no such sort',
      errors: problem.errors,
    });
    expect((error as Error).message).toBe(`GET ${server!.url}/things answered 400: no such sort`);
  });

  test('gives refusals back to those who ask for any answer', async () => {
    const client = await open((_request, response) =>
      json(response, 404, { code: 'GONE' }, 'application/problem+json'),
    );
    expect(await client.send({ method: 'GET', path: '/' })).toMatchObject({
      status: 404,
      body: { code: 'GONE' },
    });
  });

  test('tells a service that is down from one that is slow and one that breaks off', async () => {
    const down = new HttpClient({ url: 'http://127.0.0.1:1', bearer: null });
    await expect(down.send({ method: 'GET', path: '/' })).rejects.toMatchObject({
      code: 'ACL_SERVICE_CONNECT',
      message: 'GET http://127.0.0.1:1/: out of reach (ECONNREFUSED)',
    });
    const slow = await open(() => {}, { timeoutMs: 50 });
    await expect(slow.send({ method: 'GET', path: '/' })).rejects.toMatchObject({
      code: 'ACL_SERVICE_TIMEOUT',
    });
    await server!.close();
    slow.close();
    const broken = await open((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"half":');
      setImmediate(() => response.destroy());
    });
    await expect(broken.send({ method: 'POST', path: '/' })).rejects.toBeInstanceOf(ServiceUnreachable);
  });

  test('refuses an answer that is not the JSON it says it is', async () => {
    const client = await open((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('<html>');
    });
    await expect(client.send({ method: 'GET', path: '/' })).rejects.toMatchObject({
      code: 'ACL_SERVICE_ANSWER',
    });
  });

  test('repeats a read whose kept connection was closed under it, and never a write', async () => {
    let calls = 0;
    const client = await open((request, response) => {
      calls += 1;
      if (calls === 2) request.socket.resetAndDestroy();
      else json(response, 200, { calls });
    });
    await client.send({ method: 'GET', path: '/' });
    expect(await client.send({ method: 'GET', path: '/' })).toMatchObject({ body: { calls: 3 } });
    calls = 1;
    await expect(client.send({ method: 'POST', path: '/' })).rejects.toBeInstanceOf(ServiceUnreachable);
    expect(calls).toBe(2);
  });
});
