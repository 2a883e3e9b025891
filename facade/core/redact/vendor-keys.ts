/**
 * Keys that their makers gave a form of their own, as whole words of `A-Z a-z 0-9 _ -`. After the rules
 * of gitleaks (config/gitleaks.toml), wider where that costs nothing.
 */
const KEYS: readonly (readonly [kind: string, beginning: string, rest: RegExp])[] = [
  ...['AKIA', 'ASIA', 'ABIA', 'ACCA'].map((four) => ['aws', four, /^[A-Z0-9]{16}$/] as const),
  ['gcp', 'AIza', /^[\w-]{35}$/],
  ['gcp', 'GOCSPX-', /^[\w-]{20,}$/],
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((four) => ['github', four, /^[A-Za-z0-9]{30,}$/] as const),
  ['github', 'github_pat_', /^\w{30,}$/],
  ['gitlab', 'glpat-', /^[\w-]{20,}$/],
  ...['xoxa-', 'xoxb-', 'xoxe-', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-'].map(
    (five) => ['slack', five, /^[\w-]{10,}$/] as const,
  ),
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'whsec_'].map(
    (beginning) => ['stripe', beginning, /^\w{16,}$/] as const,
  ),
  ['npm', 'npm_', /^[A-Za-z0-9]{36}$/],
  ['pypi', 'pypi-', /^[\w-]{50,}$/],
  ['api-key', 'sk-', /^(?=[\w-]*\d)[\w-]{20,}$/],
  ...['shpat_', 'shpca_', 'shppa_', 'shpss_'].map((six) => ['shopify', six, /^[a-fA-F0-9]{32}$/] as const),
  ['hugging-face', 'hf_', /^[A-Za-z0-9]{30,}$/],
  ['databricks', 'dapi', /^[a-f0-9]{32}(?:-\d)?$/],
  ['alibaba', 'LTAI', /^(?=[A-Za-z]*\d)[A-Za-z0-9]{12,26}$/],
  ['digitalocean', 'dop_v1_', /^[a-f0-9]{64}$/],
  ['twilio', 'SK', /^[a-f0-9]{32}$/],
];

/** Of several words with dots between: beginning, and the length that the whole has at least. */
const DOTTED = [
  ['gcp', 'ya29', 20],
  ['sendgrid', 'SG', 40],
  ['vault', 'hvs', 24],
] as const;

/** The kind of key that a word is, null for none. A word that was `cut` needs no more than a plain beginning. */
export function vendorKey(word: string, cut: boolean): string | null {
  for (const [kind, beginning, rest] of KEYS) {
    if (!word.startsWith(beginning)) continue;
    if (rest.test(word.slice(beginning.length)) || (cut && beginning.length > 3)) return kind;
  }
  return null;
}

/** The same for words with dots, of which `first` is the first. */
export function dottedKey(first: string, length: number): string | null {
  return DOTTED.find(([, beginning, least]) => first === beginning && length >= least)?.[0] ?? null;
}
