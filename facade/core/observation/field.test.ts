import { expect, test } from '@jest/globals';
import type { Difference } from '../compare/index.ts';
import { type Field, mergeFields, newField, seeField } from './field.ts';

const difference = (severity: Difference['severity'], reasons: Difference['reasons'] = []): Difference => ({
  path: '$.name',
  kind: 'value',
  severity,
  reasons,
  count: 1,
  places: [],
  more: [],
  sample: { at: '$.name', legacy: '"a"', candidate: '"b"' },
});

function seen(...severities: Difference['severity'][]): Field {
  const field = newField('GET /a', difference(severities[0]!), 0);
  for (const [n, severity] of severities.entries())
    seeField(field, difference(severity), n, () => ({
      at: '$.name',
      legacy: null,
      candidate: null,
      curl: '',
    }));
  return field;
}

test.each([[['major', 'minor']], [['minor', 'major']], [['minor', 'major', 'trivial']]] as const)(
  'a field that was seen as %j is major, whatever came last',
  (severities) => {
    expect(seen(...severities).severity).toBe('major');
  },
);

test('so is one that two replicas have seen, whoever is asked', () => {
  const [one, other] = [seen('minor'), seen('major')];
  expect(mergeFields(one, other)).toMatchObject({ severity: 'major', count: 2 });
  expect(mergeFields(other, one)).toMatchObject({ severity: 'major', count: 2 });
});
