import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Sequelize } from 'sequelize';
import supertest from 'supertest';
import { createApp } from '../app.ts';
import { Recorder } from './contract/recorder.ts';

export type Agent = ReturnType<typeof supertest.agent>;

export type TestServer = {
  readonly url: string;
  /** What was answered with a 500. */
  readonly errors: unknown[];
  /** Holds every answer that its clients get against the contract. */
  readonly contract: Recorder;
  /** A client that keeps its cookies, logged in as one of the demo users. */
  login(user: string): Promise<Agent>;
  anyone(): Agent;
  close(): Promise<void>;
};

/** `contract` of another server counts what both answer as one. */
export async function startServer(db: Sequelize, contract = new Recorder()): Promise<TestServer> {
  const errors: unknown[] = [];
  const legacy = createApp(db, 'a secret for tests', (error) => errors.push(error));
  const server = await new Promise<Server>((resolve) => {
    const listening = legacy.app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const anyone = () => supertest.agent(url).use(contract.plugin as never) as Agent;
  return {
    url,
    errors,
    contract,
    login: async (user) => {
      const agent = anyone();
      await agent.post('/api/login').send({ user, pass: user }).expect(200);
      return agent;
    },
    anyone,
    close: () =>
      new Promise((resolve) => {
        legacy.stop();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
