import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Forwarder } from '../../http/forwarder.ts';
import { facadeOf, type TestFacade } from '../../test-kit/facade-of.ts';
import { planOf } from '../../test-kit/plan-of.ts';
import { rawAsk } from '../../test-kit/raw-client.ts';
import { type RecordingUpstream, recordingUpstream } from '../../test-kit/recording-upstream.ts';

/** Requests without a body, whose length is said or not. */
export function bareRequestTests(name: string, create: () => Forwarder): void {
  describe(`over ${name}, without a body`, () => {
    let upstream: RecordingUpstream;
    let facade: TestFacade;
    beforeAll(async () => {
      upstream = await recordingUpstream('legacy');
      const legacy = { url: upstream.url, build: null };
      facade = await facadeOf(planOf({ legacy }), { forwarder: create() });
    });
    afterEach(() => expect(upstream.faults).toEqual([]));
    afterAll(async () => {
      await facade.close();
      await upstream.close();
    });

    test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])(
      'a %s keeps the length that its client gave, and gets none where it gave none',
      async (method) => {
        for (const given of [[], ['Content-Length: 0'], []]) {
          const head = [`${method} /bare HTTP/1.1`, 'Host: x', 'Connection: close', ...given];
          expect(await rawAsk(facade.port, `${head.join('\r\n')}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
          const framing = upstream.requests.pop()?.headers.filter(([line]) => /length|coding/.test(line));
          expect(framing).toEqual(given.map(() => ['content-length', '0']));
        }
      },
    );
  });
}
