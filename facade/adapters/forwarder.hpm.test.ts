import { createHpmForwarder } from './forwarder.hpm.ts';
import { forwarderSuite } from './forwarder.suite.ts';

forwarderSuite('http-proxy-middleware', createHpmForwarder);
