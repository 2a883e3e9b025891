import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCidr } from './cidr.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { formatMatch, parseMatch } from './match.ts';
import { formatPercent, formatShare, parsePercent, parseShare } from './percent.ts';
import { formatSize, parseSize } from './size.ts';
import { formatStageStep, parseStageStep } from './stage-step.ts';

describe('what is written is what is read back', () => {
  test('durations, to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_147_483_647 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toEqual({ ok: true, value: ms });
      }),
    );
  });

  test('sizes, to the byte', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 }), (bytes) => {
        expect(parseSize(formatSize(bytes))).toEqual({ ok: true, value: bytes });
      }),
    );
  });

  test('percentages, for every ratio from 0 to 1', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (millionths) => {
        const ratio = millionths / 1_000_000;
        expect(parsePercent(formatPercent(ratio))).toEqual({ ok: true, value: ratio });
      }),
    );
  });

  test('shares, in every step of 0.01 %', () => {
    for (let hundredths = 0; hundredths <= 10_000; hundredths++) {
      expect(parseShare(formatShare(hundredths))).toEqual({ ok: true, value: hundredths });
    }
  });

  test('stages', () => {
    const step = fc.oneof(
      fc.constantFrom('shadow', 'candidate', 'retired').map((stage) => ({ stage, hundredths: 0 })),
      fc.integer({ min: 1, max: 10_000 }).map((hundredths) => ({ stage: 'canary', hundredths })),
    );
    fc.assert(
      fc.property(step, (step) => {
        expect(parseStageStep(formatStageStep(step))).toEqual({ ok: true, value: step });
      }),
    );
  });

  test('matches', () => {
    const segment = fc.oneof(fc.stringMatching(/^[a-z0-9~_-]{1,8}$/), fc.stringMatching(/^é{1,3}$/));
    const match = fc.record({
      method: fc.constantFrom(null, 'GET', 'POST', 'DELETE', 'PROPFIND'),
      pattern: fc
        .array(segment, { minLength: 1, maxLength: 5 })
        .map((parts) => `/${parts.join('/')}/:id/*rest`),
      safety: fc.constantFrom(null, 'safe' as const, 'unsafe' as const),
    });
    fc.assert(
      fc.property(match, (written) => {
        const once = parseMatch(formatMatch(written));
        if (!once.ok) throw new Error(once.expected);
        expect(once.value.method).toBe(written.method);
        expect(once.value.safety).toBe(written.safety);
        expect(decodeURIComponent(once.value.pattern)).toBe(written.pattern);
        expect(parseMatch(formatMatch(once.value))).toEqual(once);
      }),
    );
  });
});

describe('values', () => {
  test.each([
    ['250ms', 250],
    ['5s', 5_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['0', 0],
    [0, 0],
  ])('duration %p is %p ms', (written, ms) => {
    expect(parseDuration(written)).toEqual({ ok: true, value: ms });
  });

  test.each(['', '5', 5, '-5s', '5S', '5 s', '1e3s', '25d', '0.5ms', null, undefined, true])(
    'duration %p is refused',
    (written) => {
      expect(parseDuration(written).ok).toBe(false);
    },
  );

  test.each([
    ['512B', 512],
    ['16KiB', 16_384],
    ['1.5MiB', 1_572_864],
    ['10MB', 10_000_000],
    [0, 0],
  ])('size %p is %p bytes', (written, bytes) => {
    expect(parseSize(written)).toEqual({ ok: true, value: bytes });
  });

  test.each(['1K', '1kb', 16, '-1B', '0.3B', 'none', '9999999GiB'])('size %p is refused', (written) => {
    expect(parseSize(written).ok).toBe(false);
  });

  test.each([
    ['0.07%', 0.0007],
    ['29%', 0.29],
    ['100%', 1],
  ])('percentage %p is the ratio %p', (written, ratio) => {
    expect(parsePercent(written)).toEqual({ ok: true, value: ratio });
  });

  test.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['127.0.0.1', '127.0.0.1/32'],
    ['::1', '::1/128'],
    ['fe80::/10', 'fe80::/10'],
  ])('address block %p is %p', (written, block) => {
    expect(parseCidr(written)).toEqual({ ok: true, value: block });
  });

  test.each(['fe80::1%eth0', '10.0.0/8', '/8', '10.0.0.0/', '10.0.0.0/-1'])(
    'address block %p is refused',
    (written) => {
      expect(parseCidr(written).ok).toBe(false);
    },
  );
});
