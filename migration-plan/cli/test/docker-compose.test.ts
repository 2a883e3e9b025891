import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { loadPlan } from '#plan/model/load-plan.ts';

const root = join(import.meta.dirname, '../../..');

type Service = {
  command?: string[];
  image?: string;
  build?: unknown;
  environment?: Record<string, string>;
  healthcheck?: { test: string[]; retries: number };
  depends_on?: Record<string, { condition: string }>;
  ports?: string[];
  volumes?: string[];
};

const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);

describe('docker-compose.yml', () => {
  it('starts every process of the plan, the facade and both databases', () => {
    const { plan } = loadPlan(join(root, 'migration-plan'), {});
    const expected = ['mysql', 'postgres', 'facade', ...(plan?.up.map((process) => process.name) ?? [])];
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(expected));
    expect(plan?.up.length).toBeGreaterThan(0);
  });

  it.each(services)('%s is built or has an image, and runs a script that exists', (_name, service) => {
    expect(service.image ?? service.build).toBeDefined();
    const script = service.command?.join(' ').match(/[\w/-]+\.ts/)?.[0];
    if (service.build) expect(script).toBeDefined();
    if (script) expect(existsSync(join(root, script))).toBe(true);
  });

  it.each(services.filter(([name]) => name !== 'seed'))('%s says when it is healthy', (_name, service) => {
    expect(service.healthcheck?.test.length).toBeGreaterThan(1);
    expect(service.healthcheck?.retries).toBeGreaterThan(0);
  });

  it.each(services)('%s waits for services that exist, until they are healthy or done', (_name, service) => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      const target = compose.services[other];
      expect(target).toBeDefined();
      expect(condition).toBe(target?.healthcheck ? 'service_healthy' : 'service_completed_successfully');
    }
  });

  it('has a start order without a circle', () => {
    const order = new Set<string>();
    const visit = (name: string, path: string[]): void => {
      expect(path).not.toContain(name);
      if (order.has(name)) return;
      for (const other of Object.keys(compose.services[name]?.depends_on ?? {}))
        visit(other, [...path, name]);
      order.add(name);
    };
    for (const [name] of services) visit(name, []);
    expect([...order].indexOf('facade')).toBeGreaterThan([...order].indexOf('legacy'));
  });

  it.each(services)('%s uses declared volumes', (_name, service) => {
    for (const volume of service.volumes ?? []) {
      expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
    }
  });

  it('opens the public port to everyone, the admin port to this machine, and nothing else', () => {
    expect(services.flatMap(([, service]) => service.ports ?? [])).toEqual([
      '8080:8080',
      '127.0.0.1:8081:8081',
    ]);
  });

  it('gives each address of the plan to the processes that ask for it', () => {
    // Compose itself fills in `${NAME:-default}`.
    const written = Object.entries(compose.services.facade?.environment ?? {});
    const facade = Object.fromEntries(
      written.map(([name, value]) => [name, value.replace(/^\$\{\w+:-(.*)\}$/, '$1')]),
    );
    const { plan, problems } = loadPlan(join(root, 'migration-plan'), facade);
    expect(problems.filter((problem) => problem.severity === 'error')).toEqual([]);
    const urls = [
      plan?.legacy?.url,
      ...[...(plan?.candidates.values() ?? [])].map((one) => one.url),
      plan?.relay?.url,
    ];
    for (const url of urls) {
      const { hostname, port } = new URL(url ?? '');
      expect(compose.services[hostname]?.environment?.PORT).toBe(port);
    }
  });
});
