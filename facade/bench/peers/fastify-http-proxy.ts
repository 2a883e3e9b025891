import httpProxy from '@fastify/http-proxy';
import { fastify } from 'fastify';
import { announce, upstream } from './announce.ts';

const app = fastify();
await app.register(httpProxy, { upstream: upstream() });
await app.ready();
// Fastify listens by itself only on the port that it is given; its server is a plain one.
announce(app.server);
