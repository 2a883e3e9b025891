// Express with http-proxy-middleware, as its README has it, with connections kept alive.
import { Agent, createServer } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { announce, upstream } from './announce.ts';

const app = express();
app.use(createProxyMiddleware({ target: upstream(), agent: new Agent({ keepAlive: true }) }));
announce(createServer(app));
