import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { facadeOf, type TestFacade } from '../test-kit/facade-of.ts';
import { FORWARDERS } from '../test-kit/forwarders.ts';
import { planOf } from '../test-kit/plan-of.ts';
import { rawAsk } from '../test-kit/raw-client.ts';
import { type RecordingUpstream, recordingUpstream } from '../test-kit/recording-upstream.ts';

const HOST = 'Host: x\r\n';
const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const post = (headers: string, body = '') => `POST /post HTTP/1.1\r\n${HOST}${headers}\r\n${body}`;
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const CLOSE = 'Connection: close\r\n';
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
const chunks = (text: string) => `${CHUNKED}${CLOSE}\r\n${text}`;
const chunked = (text: string) => `POST /post HTTP/1.1\r\n${HOST}${chunks(text)}`;
const length = (value: string, body = '') => post(`Content-Length: ${value}\r\n`, body + HIDDEN);
const header = (line: string) => `GET /get HTTP/1.1\r\n${HOST}${line}\r\n\r\n`;

/** Nothing of these may reach an upstream: the client gets one refusal, and its connection is closed. */
const REFUSED: Record<string, string> = {
  // Two framings.
  'CL.TE': post(`Content-Length: 6\r\n${CHUNKED}`, `0\r\n\r\n${HIDDEN}`),
  'TE.CL': post(`${CHUNKED}Content-Length: 4\r\n`, `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`),
  'TE.TE, twice': post(`${CHUNKED}${CHUNKED}`, `0\r\n\r\n${HIDDEN}`),
  'TE.TE, one unknown': post(`${CHUNKED}Transfer-Encoding: x\r\n`, `0\r\n\r\n${HIDDEN}`),
  'TE.TE, unknown first': post(`Transfer-Encoding: x\r\n${CHUNKED}`, `0\r\n\r\n${HIDDEN}`),
  // Codings that are almost chunked.
  'TE identity': post('Transfer-Encoding: identity\r\n', HIDDEN),
  'TE xchunked': post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${HIDDEN}`),
  'TE chunked, identity': post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${HIDDEN}`),
  'TE gzip, chunked': post('Transfer-Encoding: gzip, chunked\r\n', `0\r\n\r\n${HIDDEN}`),
  'TE "chunked"': post('Transfer-Encoding: "chunked"\r\n', `0\r\n\r\n${HIDDEN}`),
  'TE empty': post('Transfer-Encoding:\r\n', `0\r\n\r\n${HIDDEN}`),
  'TE with a vertical tab': post('Transfer-Encoding: \x0bchunked\r\n', `0\r\n\r\n${HIDDEN}`),
  'TE before its colon a blank': post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${HIDDEN}`),
  'TE in a header name with a blank before it': `POST /post HTTP/1.1\r\n${HOST} Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
  'TE behind a bare CR': post('X: a\rTransfer-Encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`),
  'TE behind a bare LF': post('X: a\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`),
  'TE folded': post('Transfer-Encoding:\r\n chunked\r\n', `0\r\n\r\n${HIDDEN}`),
  'TE in HTTP/1.0': `POST /post HTTP/1.0\r\n${CHUNKED}\r\n0\r\n\r\n${HIDDEN}`,
  // Lengths.
  'two lengths': post('Content-Length: 0\r\nContent-Length: 5\r\n', HIDDEN),
  'the same length twice': post('Content-Length: 5\r\nContent-Length: 5\r\n', `12345${HIDDEN}`),
  'a list of lengths': length('5, 5', '12345'),
  'length +5': length('+5', '12345'),
  'length -5': length('-5'),
  'length 0x5': length('0x5', '12345'),
  'length 5e0': length('5e0', '12345'),
  'length 5.0': length('5.0', '12345'),
  'length with a blank in it': length('5 5', '12345'),
  'length of nothing': length(''),
  'length beyond 64 bits': length('99999999999999999999999'),
  'length folded': length('\r\n 5', '12345'),
  'length in a name with a blank': post('Content-Length : 5\r\n', `12345${HIDDEN}`),
  // Chunks.
  'chunk size -1': chunked('-1\r\nx\r\n0\r\n\r\n'),
  'chunk size +1': chunked('+1\r\nx\r\n0\r\n\r\n'),
  'chunk size 0x1': chunked('0x1\r\nx\r\n0\r\n\r\n'),
  'chunk size of blanks': chunked(' 1\r\nx\r\n0\r\n\r\n'),
  'chunk size beyond 64 bits': chunked('10000000000000001\r\nx\r\n0\r\n\r\n'),
  'chunk size behind a bare LF': chunked('1\nx\r\n0\r\n\r\n'),
  'chunk extension with a bare LF': chunked('1;a\nx\r\n0\r\n\r\n'),
  'chunk extension with a bare CR': chunked('1;a\rb\r\nx\r\n0\r\n\r\n'),
  'chunk that is longer than it says': chunked('1\r\nxyz\r\n0\r\n\r\n'),
  'chunk that ends with a bare LF': chunked('1\r\nx\n0\r\n\r\n'),
  'trailers that are folded': chunked('1\r\nx\r\n0\r\nX-Sum: 1\r\n 2\r\n\r\n'),
  'trailers with a bare LF': chunked('1\r\nx\r\n0\r\nX-Sum: 1\nX: 2\r\n\r\n'),
  // Lines.
  'obs-fold': header('X-Own: 1\r\n 2'),
  'obs-fold in the first line': `GET /get HTTP/1.1\r\n X: 1\r\n${HOST}\r\n`,
  'bare LF between headers': `GET /get HTTP/1.1\nHost: x\n\n`,
  'bare LF at the end': `GET /get HTTP/1.1\r\nHost: x\r\n\n${HIDDEN}`,
  'bare CR in a value': header('X-Own: a\rb'),
  'NUL in a value': header('X-Own: a\0b'),
  'control character in a value': header('X-Own: a\x01b'),
  'NUL in a name': header('X\0Own: a'),
  'no colon': header('X-Own'),
  'no name': header(': x'),
  'a blank in a name': header('X Own: a'),
  'a name beyond ASCII': header('X-\xd6wn: a'),
  'a name with a bracket': header('X(Own): a'),
  // Request lines.
  'no version': 'GET /get\r\n\r\n',
  'HTTP/1.2': `GET /get HTTP/1.2\r\n${HOST}\r\n`,
  'HTTP/2.0': `GET /get HTTP/2.0\r\n${HOST}\r\n`,
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'HTTP/1.1 and more': `GET /get HTTP/1.1 x\r\n${HOST}\r\n`,
  'lower-case http': `GET /get http/1.1\r\n${HOST}\r\n`,
  'two targets': `GET /get /hidden HTTP/1.1\r\n${HOST}\r\n`,
  'a method in lower case': `get /get HTTP/1.1\r\n${HOST}\r\n`,
  'a method that is none': `G=T /get HTTP/1.1\r\n${HOST}\r\n`,
  'no host': 'GET /get HTTP/1.1\r\n\r\n',
  'two hosts': header('Host: y'),
  'a TLS hello': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
};

type Passed = {
  readonly bytes: string;
  readonly body?: string;
  readonly method?: string;
  readonly times?: number;
};
/** These are HTTP, if unusual; they reach the upstream as one well-framed request. */
const PASSED: Record<string, Passed> = {
  'a length with blanks around it': {
    bytes: post(`Content-Length:\t 5 \r\n${CLOSE}`, '12345'),
    body: '12345',
  },
  'a length with leading zeros': { bytes: post(`Content-Length: 005\r\n${CLOSE}`, '12345'), body: '12345' },
  'a length of 0': { bytes: post(`Content-Length: 0\r\n${CLOSE}`) },
  'a body that looks like a request': {
    bytes: post(`Content-Length: ${HIDDEN.length}\r\n${CLOSE}`, HIDDEN),
    body: HIDDEN,
  },
  'a GET with a body that looks like a request': {
    bytes: `GET /get HTTP/1.1\r\n${HOST}${CLOSE}Content-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
    body: HIDDEN,
    method: 'GET',
  },
  'chunks, their extensions dropped': {
    bytes: chunked('5;a=b;c="d"\r\n12345\r\n0;e\r\n\r\n'),
    body: '12345',
  },
  'chunks with sizes in upper case and zeros': {
    bytes: chunked(`00A\r\n0123456789\r\n0000\r\n\r\n`),
    body: '0123456789',
  },
  'coding in upper case': {
    bytes: `POST /post HTTP/1.1\r\n${HOST}${CLOSE}TRANSFER-ENCODING: CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n`,
    body: 'x',
  },
  'chunks that look like a request': {
    bytes: chunked(`${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`),
    body: HIDDEN,
  },
  'a DELETE in chunks': {
    bytes: `DELETE /x HTTP/1.1\r\n${HOST}${chunks('1\r\nx\r\n0\r\n\r\n')}`,
    body: 'x',
    method: 'DELETE',
  },
  'empty lines before the request': {
    bytes: `\r\n\r\nGET /get HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
    method: 'GET',
  },
  'an empty value': { bytes: `GET /get HTTP/1.1\r\n${HOST}${CLOSE}X-Own:\r\n\r\n`, method: 'GET' },
  'requests in a row': {
    bytes: `GET /get HTTP/1.1\r\n${HOST}\r\nGET /get HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
    method: 'GET',
    times: 2,
  },
  'an offer to upgrade in HTTP/1.0': {
    bytes: `GET /get HTTP/1.0\r\n${HOST}${UPGRADE}\r\n`,
    method: 'GET',
  },
  'an offer to upgrade of a POST': {
    bytes: `POST /post HTTP/1.1\r\n${HOST}Connection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  },
  'an offer to upgrade of a POST with a body': {
    bytes: `POST /post HTTP/1.1\r\n${HOST}Connection: close, Upgrade\r\nUpgrade: websocket\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
    body: HIDDEN,
  },
  'the same expectation twice': {
    bytes: post(`${CLOSE}Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5\r\n`, '12345'),
    body: '12345',
  },
  'a name of odd characters': {
    bytes: `GET /get HTTP/1.1\r\n${HOST}${CLOSE}X!#$%&'*+-.^_\`|~: a\r\n\r\n`,
    method: 'GET',
  },
};

describe.each(FORWARDERS)('the framing of requests, over %s:', (_name, create) => {
  let upstream: RecordingUpstream;
  let facade: TestFacade;
  beforeAll(async () => {
    upstream = await recordingUpstream('legacy');
    facade = await facadeOf(planOf({ legacy: { url: upstream.url, build: null } }), { forwarder: create() });
  });
  afterEach(() => {
    expect(upstream.faults).toEqual([]);
    upstream.requests.length = 0;
  });
  afterAll(async () => {
    await facade.close();
    await upstream.close();
  });
  const statusOf = async (method: string, more: string, coding: string) => {
    const head = `${method} /coded HTTP/1.1\r\n${HOST}${more}Transfer-Encoding: ${coding}\r\n\r\n`;
    const text = await rawAsk(facade.port, `${head}0\r\n\r\n${HIDDEN}`);
    return [coding, ...(text.match(/HTTP\/1\.1 \d+/g) ?? [])];
  };
  const nextOneIsServed = async () => {
    upstream.requests.length = 0;
    const text = await rawAsk(facade.port, `GET /next HTTP/1.1\r\n${HOST}${CLOSE}\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*legacy$/);
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/next']);
  };

  test.each(Object.entries(REFUSED))(
    '%s is refused, and nothing of it reaches the upstream',
    async (_what, bytes) => {
      const text = await rawAsk(facade.port, bytes);
      expect(text.match(/HTTP\/1\.1 \d+/g)).toHaveLength(1);
      expect(text).toMatch(/^HTTP\/1\.1 (?:400|501|505) /);
      const targets = upstream.requests.map(({ target }) => target);
      // A body that turns out broken: its head may have gone out, its end never did.
      expect(targets).toEqual([]);
      await nextOneIsServed();
    },
  );

  test.each(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND'])(
    'a %s in any other coding than chunked is refused alike, whatever else it says',
    async (method) => {
      for (const coding of [
        'gzip, chunked',
        'gzip',
        'deflate, chunked',
        'br',
        'identity',
        ', chunked',
        'chunked;q=1',
      ])
        for (const more of ['', 'Expect: 100-continue\r\n', UPGRADE, 'Connection: Transfer-Encoding\r\n'])
          expect(await statusOf(method, more, coding)).toEqual([coding, 'HTTP/1.1 501']);
      // What is chunked and then coded has no end that could be seen (RFC 9112 §6.3).
      for (const coding of ['chunked, gzip', 'chunked, identity', 'chunked, chunked', 'chunked,'])
        expect(await statusOf(method, '', coding)).toEqual([coding, 'HTTP/1.1 400']);
      expect(upstream.requests).toEqual([]);
      await nextOneIsServed();
    },
  );

  test.each(Object.entries(PASSED))('%s', async (_what, { bytes, body = '', method = 'POST', times = 1 }) => {
    const text = await rawAsk(facade.port, bytes);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(times);
    expect(upstream.requests).toHaveLength(times);
    for (const request of upstream.requests) {
      expect([request.method, request.body]).toEqual([method, body]);
      const names = request.headers.map(([name]) => name);
      expect(names).not.toContain('upgrade');
      if (body) expect(names.some((name) => /^(content-length|transfer-encoding)$/.test(name))).toBe(true);
    }
    await nextOneIsServed();
  });
});
