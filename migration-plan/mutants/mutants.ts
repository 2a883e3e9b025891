/** A small fault as people make them: one text in one file, replaced by another one. */
export type Mutant = {
  readonly name: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly what: string;
  /** The fault spoils rows while they are copied from legacy, so its rows have to be copied by it. */
  readonly spoilsCopy?: true;
  /** Why comparing answers cannot show it. That is held to: it must really not be found. */
  readonly unseen?: string;
  /** Why neither the cases of the parity suite nor generated requests show it. That is held to as well. */
  readonly missedByParity?: string;
};

const GATEWAY = 'acl/gateway/freelancers';
const TRANSLATOR = 'acl/translators/freelancers';
const VALUES = 'acl/translators/legacy-values';
const SERVICE = 'new-services/freelancers';

/** Faults in the freelancers service, its translator and its gateway. */
export const mutants: readonly Mutant[] = [
  {
    name: 'page-from-zero',
    what: 'pages are counted from 0: each one begins a page too late',
    file: `${GATEWAY}/list.ts`,
    find: '(page - 1) * search.size',
    replace: 'page * search.size',
  },
  {
    name: 'last-page-rounded-down',
    what: 'a page beyond the end is the last full one',
    file: `${GATEWAY}/list.ts`,
    find: 'Math.ceil(page.total / search.size)',
    replace: 'Math.floor(page.total / search.size)',
  },
  {
    name: 'total-not-sent',
    what: 'the header with the total is missing',
    file: `${GATEWAY}/list.ts`,
    find: "    response.set('X-Total-Count', String(page.total));\n",
    replace: '',
  },
  {
    name: 'total-of-the-page',
    what: 'the total counts the rows of the page',
    file: `${GATEWAY}/list.ts`,
    find: 'String(page.total)',
    replace: 'String(page.items.length)',
  },
  {
    name: 'missing-is-200',
    what: 'status 200 for a freelancer that is not there',
    file: `${GATEWAY}/one-freelancer.ts`,
    find: "status: 404, error: 'freelancer not found'",
    replace: "status: 200, error: 'freelancer not found'",
  },
  {
    name: 'no-number-is-400',
    what: 'an id that is no number is answered 400, where legacy says 500',
    file: `${GATEWAY}/one-freelancer.ts`,
    find: "status: 500, error: 'invalid id'",
    replace: "status: 400, error: 'invalid id'",
  },
  {
    name: 'block-twice-allowed',
    what: 'a blocked freelancer is blocked again, without a refusal',
    file: `${GATEWAY}/one-freelancer.ts`,
    find: "if (current.status === 'blocked') return refuse(response, ALREADY_BLOCKED);",
    replace:
      "if (current.status === 'blocked') return answer(response, { kind: 'done', freelancer: current });",
  },
  {
    name: 'strict-ids',
    what: '`12abc` is no number any more, and to legacy it is 12',
    file: 'acl/gateway/legacy-id.ts',
    find: 'Number.parseInt(text, 10)',
    replace: 'Number(text)',
  },
  {
    name: 'dispatcher-deletes',
    what: 'who may write may delete',
    file: `${GATEWAY}/feature.ts`,
    find: "app.delete('/api/freelancers/:id', isAdmin, ",
    replace: "app.delete('/api/freelancers/:id', canWrite, ",
  },
  {
    name: 'stranger-is-403',
    what: 'who is not logged in is answered 403',
    file: `${GATEWAY}/feature.ts`,
    find: 'response.status(401)',
    replace: 'response.status(403)',
  },
  {
    name: 'malformed-body-is-500',
    what: 'a body that is no JSON is answered 500',
    file: 'acl/gateway-kit/legacy-errors.ts',
    find: 'status >= 400 && status < 500',
    replace: 'status > 400 && status < 500',
  },
  {
    name: 'city-null-in-list',
    what: 'a null gets through: in the list no city is null, where legacy says an empty text',
    file: `${TRANSLATOR}/contract.ts`,
    find: "    city: row.city ?? '',\n    avail_from",
    replace: '    city: row.city as string,\n    avail_from',
  },
  {
    name: 'reason-left-out',
    what: 'the reason of a block is left out where there is none',
    file: `${TRANSLATOR}/contract.ts`,
    find: "    blk_reason: row.blk_reason ?? '',\n",
    replace: '    ...(row.blk_reason === null ? {} : { blk_reason: row.blk_reason }),\n',
  },
  {
    name: 'change-without-time',
    what: 'the time of the last change is cut to its day',
    file: `${TRANSLATOR}/contract.ts`,
    find: 'germanTimeFromIso(value.updatedAt)',
    replace: 'germanFromIso(value.updatedAt)',
  },
  {
    name: 'local-time',
    what: 'the time of the last change is told in the time of Berlin',
    file: `${VALUES}/dates.ts`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
    find: '`${germanFromIso(instant)} ${instant.slice(11, 16)}`',
    replace:
      // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
      "`${germanFromIso(instant)} ${new Date(instant).toLocaleTimeString('de-DE', { timeZone: 'Europe/Berlin' }).slice(0, 5)}`",
  },
  {
    name: 'last-day-of-month-refused',
    what: 'the last day of a month is no day',
    file: 'acl/translator-kit/calendar.ts',
    find: 'day <= lengths[month - 1]!',
    replace: 'day < lengths[month - 1]!',
  },
  {
    name: 'cents-by-float',
    what: '19.99 becomes 1998 cents: 19.99 * 100 is a little less than 1999',
    file: `${VALUES}/money.ts`,
    find: "Number(parts[1]) * 100 + Number((parts[2] ?? '').padEnd(2, '0'))",
    replace: 'Math.trunc(Number(amount) * 100)',
  },
  {
    name: 'cents-below-ten',
    what: '5 cents are written `.05`, which the service refuses',
    file: `${VALUES}/money.ts`,
    find: "padStart(3, '0')",
    replace: "padStart(2, '0')",
  },
  {
    name: 'name-without-space',
    what: '`Last,First`',
    file: `${TRANSLATOR}/name.ts`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
    find: '`${name.last}, ${name.first}`',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
    replace: '`${name.last},${name.first}`',
  },
  {
    name: 'umlaut-folded-to-u',
    what: 'a search for müller looks for MULLER',
    file: `${TRANSLATOR}/fold.ts`,
    find: "ü: 'UE'",
    replace: "ü: 'U'",
  },
  {
    name: 'size-one-ignored',
    what: 'a page of one row has twenty',
    file: `${TRANSLATOR}/search.ts`,
    find: 'number >= 1 ? number',
    replace: 'number > 1 ? number',
  },
  {
    name: 'rate-zero-finds-nothing',
    what: 'nobody costs nothing: a highest rate of 0 is taken for one below 0',
    file: `${TRANSLATOR}/search.ts`,
    find: 'max < 0',
    replace: 'max <= 0',
  },
  {
    name: 'first-parameter-wins',
    what: 'of a parameter that is given twice the first counts',
    file: `${TRANSLATOR}/search.ts`,
    find: 'value.at(-1)',
    replace: 'value.at(0)',
  },
  {
    name: 'conflict-is-409',
    what: 'an e-mail address that is taken is answered 409, where legacy says 200',
    file: `${TRANSLATOR}/body.ts`,
    find: "status: 200, error: 'email exists'",
    replace: "status: 409, error: 'email exists'",
  },
  {
    name: 'skills-repeated',
    what: '`java,Java` stays as it is, where legacy keeps the first',
    file: `${TRANSLATOR}/body.ts`,
    find: 'const key = skill.toUpperCase();',
    replace: 'const key = skill;',
  },
  {
    name: 'space-kept',
    what: 'white space around a text is kept',
    file: `${VALUES}/text.ts`,
    find: '.trim()',
    replace: '',
  },
  {
    name: 'status-swapped-at-copy',
    what: 'inactive becomes blocked when rows are copied',
    file: `${TRANSLATOR}/row-to-new.ts`,
    find: "I: 'inactive', B: 'blocked'",
    replace: "I: 'blocked', B: 'inactive'",
    spoilsCopy: true,
  },
  {
    name: 'notes-truncated-at-copy',
    what: 'the end of long texts is lost when rows are copied',
    file: `${TRANSLATOR}/row-to-new.ts`,
    find: "if (raw.trim() !== '') return raw;\n    this.quirks",
    replace: "if (raw.trim() !== '') return raw.slice(0, 40);\n    this.quirks",
    spoilsCopy: true,
  },
  {
    name: 'tie-the-other-way',
    what: 'of equal rows the lowest number comes first',
    file: `${SERVICE}/adapters/typeorm/freelancer-search.typeorm.ts`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
    find: '`hit.sorted ${direction}, hit.tie DESC`',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
    replace: '`hit.sorted ${direction}, hit.tie ASC`',
  },
  {
    name: 'lowest-rate-excluded',
    what: 'who costs exactly the lowest rate is not found',
    file: `${SERVICE}/adapters/typeorm/freelancer-search.typeorm.ts`,
    find: 'v.rate >= :rateMin',
    replace: 'v.rate > :rateMin',
  },
  {
    name: 'available-now-not-found',
    what: 'a lost null: who is available now is not available by any day',
    file: `${SERVICE}/adapters/typeorm/freelancer-search.typeorm.ts`,
    find: 'v.available_from IS NULL OR ',
    replace: '',
  },
  {
    name: 'reason-survives-activation',
    what: 'the reason of a block stays when it ends',
    file: `${SERVICE}/domain/freelancer.ts`,
    find: "status: 'active', blockReason: null }",
    replace: "status: 'active' }",
  },
  {
    name: 'e-mail-not-searched',
    what: 'a search by text does not look into e-mail addresses',
    file: `${SERVICE}/domain/search-text.ts`,
    find: "freelancer.email ?? '', ",
    replace: '',
    spoilsCopy: true,
  },
  {
    name: 'long-bodies-refused',
    what: 'the service takes bodies of 1 kB',
    file: 'new-services/service-kit/http/json-body.ts',
    find: 'express.json({ limit, ',
    replace: "express.json({ limit: limit === '1mb' ? '1kb' : limit, ",
  },
  {
    name: 'time-of-change-stands-still',
    what: 'a change does not move the time of the last change',
    file: `${SERVICE}/domain/freelancer.ts`,
    find: 'updatedAt: now, version: before.version + 1',
    replace: 'version: before.version + 1',
    missedByParity:
      'Each side tells the time at which it wrote, so the suite leaves `$.changed` of changed rows out; it cannot say that a time has moved.',
  },
  {
    name: 'search-not-updated',
    what: 'a change does not reach the search view',
    file: `${SERVICE}/adapters/typeorm/freelancer-store.typeorm.ts`,
    find: '            await manager.update(SearchEntity, { id }, toSearchRow(freelancer));\n',
    replace: '',
    unseen:
      'The answer to the change is right; only a later search is wrong. A rehearsed change is undone, so no later read meets it.',
  },
  {
    name: 'archive-does-nothing',
    what: 'a deletion is acknowledged and not kept',
    file: `${SERVICE}/domain/freelancer.ts`,
    find: '{ ...freelancer, archived: true }',
    replace: '{ ...freelancer }',
    unseen: 'The answer is `{"ok":true}` either way; only a later read shows that the row is still there.',
  },
  {
    name: 'last-one-wins',
    what: 'an edit names no version: of two at once, one is lost',
    file: `${GATEWAY}/freelancers-service.ts`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
    find: '\'if-match\': `"${current.version}"`',
    replace: "'if-match': '*'",
    unseen: 'It takes two writes of one row at the same instant, and each copy is rehearsed for itself.',
    missedByParity:
      'It takes two writes of one row at the same instant; the steps of a case follow one another.',
  },
  {
    name: 'name-split-at-last-comma',
    what: '`Berg, Karl, MSc` is split into `Berg, Karl` and `MSc`',
    file: `${TRANSLATOR}/name.ts`,
    find: "text.indexOf(', ')",
    replace: "text.lastIndexOf(', ')",
    spoilsCopy: true,
    unseen:
      "Legacy's contract has one name: it is split on the way in and joined again on the way out. Only clients of the new API see the halves.",
    missedByParity:
      "Legacy's contract has one name: it is split on the way in and joined again on the way out. Only clients of the new API see the halves.",
  },
  {
    name: 'logout-forgotten',
    what: 'a session is believed for an hour after its end',
    file: 'acl/identity-bridge/legacy-identity.ts',
    find: 'STALENESS_MS = 2000',
    replace: 'STALENESS_MS = 3_600_000',
    unseen: 'It takes a logout and a request with the same session soon after it. The round has no logout.',
    missedByParity:
      'It takes a logout and a request with the same session soon after it. The route has no logout, and a suite keeps its sessions.',
  },
];
