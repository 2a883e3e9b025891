import { createHpmForwarder } from './forwarder.hpm.ts';
import { forwarderSuite } from './forwarder.suite.ts';
import { createUndiciForwarder } from './forwarder.undici.ts';

forwarderSuite('undici', () => createUndiciForwarder(createHpmForwarder()));
