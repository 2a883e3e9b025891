import { describe, expect, test } from '@jest/globals';
import { port, readEnv, StartError, secret, text, url } from './env.ts';

const rules = {
  PORT: { ...port, fallback: '4102' },
  UPSTREAM: { ...url, fix: 'Set UPSTREAM.' },
  TOKEN: { ...secret, fix: 'Set TOKEN.' },
  NOTE: { ...text, fallback: 'none', fix: 'Set NOTE.' },
};

describe('readEnv', () => {
  test('Accepts what is given, and fills in what is unset or empty', () => {
    expect(readEnv({ UPSTREAM: 'http://h:1', TOKEN: 't', NOTE: '' }, rules)).toEqual({
      PORT: 4102,
      UPSTREAM: 'http://h:1',
      TOKEN: 't',
      NOTE: 'none',
    });
  });

  test('Rejects every wrong variable at once, and shows no secret', () => {
    const read = () => readEnv({ PORT: '1e3', UPSTREAM: 'ftp://x', TOKEN: 'two words' }, rules);
    expect(read).toThrow(StartError);
    expect(read).toThrow(
      [
        'PORT: expected a port from 0 to 65535, got `1e3`. Set PORT to a free port, or to 0 to have one picked.',
        'UPSTREAM: expected an http(s) URL, got `ftp://x`. Set UPSTREAM.',
        'TOKEN: expected a token of printable characters without spaces, got a value that is not shown. Set TOKEN.',
      ].join('\n'),
    );
  });

  test.each(['-1', '65536', ' 1', '1.0', 'http'])('Rejects the port %p', (PORT) => {
    expect(() => readEnv({ PORT }, { PORT: port })).toThrow(/^PORT: /);
  });
});
