import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { entityTagMark, givenTags, markTag, opaqueOf } from './entity-tag.ts';

const legacy = entityTagMark('legacy', null);
const catalog = entityTagMark('candidate', 'catalog');
// etagc of RFC 9110 §8.8.3, obs-text as latin1.
const opaque = fc.stringMatching(/^[\x21\x23-\x7e\x80-\xff]*$/);
const tag = fc.tuple(fc.constantFrom('', 'W/'), opaque).map(([weak, text]) => `${weak}"${text}"`);

describe('the mark of an entity tag', () => {
  test('is another one for each upstream and names none of them', () => {
    const marks = [legacy, catalog, entityTagMark('candidate', 'legacy'), entityTagMark('candidate', 'shop')];
    expect(new Set(marks).size).toBe(4);
    for (const mark of marks) expect(mark).toMatch(/^fig-[0-9a-f]{6}-$/);
  });

  test('goes on and comes off, and leaves weak tags weak and strong ones strong', () => {
    fc.assert(
      fc.property(tag, (text) => {
        const marked = markTag(text, catalog);
        expect(marked.startsWith('W/')).toBe(text.startsWith('W/'));
        expect(givenTags(marked)).toEqual([{ text: marked, plain: text, mark: catalog }]);
      }),
    );
  });

  test('is found in lists of any tags, commas inside them too', () => {
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1 }), (tags) => {
        expect(givenTags(tags.join(',')).map(({ plain }) => plain)).toEqual(
          tags.map((text) => givenTags(text)[0]?.plain),
        );
      }),
    );
  });

  test('stands what caches add to tags on their way', () => {
    for (const [seen, plain] of [
      [`"${catalog}v1-gzip"`, '"v1-gzip"'],
      [`W/"${catalog}v1"`, 'W/"v1"'],
      [`"${catalog}v1--br"`, '"v1--br"'],
    ] as const)
      expect(givenTags(seen)[0]).toEqual({ text: seen, plain, mark: catalog });
  });

  test('also goes on what is no tag by the letter', () => {
    expect(markTag('v1', legacy)).toBe(`${legacy}v1`);
    expect(givenTags(`${legacy}v1`)).toEqual([{ text: `${legacy}v1`, plain: 'v1', mark: legacy }]);
    expect(markTag('""', legacy)).toBe(`"${legacy}"`);
    expect(givenTags(' * ')).toEqual([]);
    expect(opaqueOf('w/"a"b"')).toBe('a"b');
  });
});
