import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { relaySetLink } from './set-link.relay.ts';

const silent = createServer(() => {});
afterEach(() => {
  silent.closeAllConnections();
  silent.close();
});

test('says of a relay that does not answer that it took too long', async () => {
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const link = relaySetLink(() => url, 'token');
  await expect(link.position('articles')).rejects.toThrow(
    `the relay at ${url} is out of reach (TimeoutError)`,
  );
});
