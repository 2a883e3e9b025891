import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { missingPlatformPackages, type PackageLock } from './package-lock.ts';

describe('package-lock.json', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../package-lock.json'), 'utf8');

  it('holds the packages of every platform (if not: npm run lock)', () => {
    expect(missingPlatformPackages(JSON.parse(text) as PackageLock)).toEqual({});
  });

  it('names no registry', () => {
    expect(text).not.toMatch(/https?:\/\/[^"]*\.tgz/);
  });
});

describe('missing platform packages', () => {
  const lock: PackageLock = {
    packages: {
      '': { version: '1.0.0' },
      'node_modules/tool': {
        version: '1.0.0',
        dev: true,
        optionalDependencies: {
          '@tool/linux-x64': '1.0.0',
          '@tool/linux-arm64-musl': '1.0.0',
          'tool-windows-x64': '1.0.0',
        },
      },
      'node_modules/tool/node_modules/@tool/linux-x64': { version: '1.0.0' },
    },
  };

  it('are named with version and platform, those that are there are not', () => {
    const common = { version: '1.0.0', dev: true, optional: true };
    expect(missingPlatformPackages(lock)).toEqual({
      'node_modules/@tool/linux-arm64-musl': { ...common, os: ['linux'], cpu: ['arm64'], libc: ['musl'] },
      'node_modules/tool-windows-x64': { ...common, os: ['win32'], cpu: ['x64'] },
    });
  });
});
