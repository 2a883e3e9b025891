const MAX_INT = 2_147_483_647;

/** The `:id` of a legacy path: `12abc` is 12, no number at all is `invalid`, one that no row can have is `none`. */
export function readLegacyId(text: string): number | 'invalid' | 'none' {
  const id = Number.parseInt(text, 10);
  if (Number.isNaN(id)) return 'invalid';
  return id >= 1 && id <= MAX_INT ? id : 'none';
}
