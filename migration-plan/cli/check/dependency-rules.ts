/**
 * The dependency arrows as dependency-cruiser rules. Each has a probe: a file that breaks the rule, made in a
 * throw-away tree by the check, which fails when the rule stays silent. Paths are relative to the repository root.
 */
export type DependencyRule = {
  readonly name: string;
  readonly comment: string;
  readonly from: Readonly<Record<string, unknown>>;
  readonly to: Readonly<Record<string, unknown>>;
  readonly probe: { readonly file: string; readonly imports: string };
};

const FRAMEWORKS =
  'node_modules/(express|http-proxy-middleware|httpxy|typeorm|pg|sequelize|mysql2|pino|undici)/';

export const dependencyRules: readonly DependencyRule[] = [
  {
    name: 'legacy-imports-nobody',
    comment: 'The monolith stands for a foreign system: it knows nothing of the migration.',
    from: { path: '^legacy-monolith/' },
    to: { path: '^(facade|acl|new-services|migration-plan)/' },
    probe: { file: 'legacy-monolith/probe.ts', imports: '#plan/model/target.ts' },
  },
  {
    name: 'legacy-imported-by-nobody',
    comment: 'Legacy is reached over HTTP or its database only.',
    from: { pathNot: '^legacy-monolith/' },
    to: { path: '^legacy-monolith/' },
    probe: { file: 'acl/probe-legacy.ts', imports: '#legacy/target.ts' },
  },
  {
    name: 'services-stand-alone',
    comment: 'Services outlive the migration: they build without its other folders.',
    from: { path: '^new-services/' },
    to: { path: '^(facade|acl|legacy-monolith|migration-plan)/' },
    probe: { file: 'new-services/probe/main.ts', imports: '#acl/target.ts' },
  },
  {
    name: 'services-apart',
    comment: 'A service shares service-kit and nothing else with its neighbours.',
    from: { path: '^new-services/([^/]+)/' },
    to: { path: '^new-services/', pathNot: '^new-services/($1|service-kit)/' },
    probe: { file: 'new-services/probe/neighbour.ts', imports: '#services/other/target.ts' },
  },
  {
    name: 'domain-is-pure',
    comment:
      'The domain knows its own model, node:crypto and uuid; no use case, adapter, framework or driver.',
    from: { path: '^new-services/([^/]+)/domain/', pathNot: '\\.test\\.ts$' },
    to: { pathNot: '^new-services/$1/domain/|^(node:)?crypto$|node_modules/uuid/' },
    probe: { file: 'new-services/probe/domain/aggregate.ts', imports: '../application/target.ts' },
  },
  {
    name: 'application-without-adapters',
    comment: 'Use cases speak to ports; adapters and frameworks come from main.',
    from: { path: '^new-services/([^/]+)/application/', pathNot: '\\.test\\.ts$' },
    to: { path: `^new-services/[^/]+/(adapters/|main|compose)|${FRAMEWORKS}` },
    probe: { file: 'new-services/probe/application/use-case.ts', imports: '../adapters/target.ts' },
  },
  {
    name: 'adapters-without-main',
    comment: 'Adapters are put together by main and compose, and know neither.',
    from: { path: '^new-services/([^/]+)/adapters/', pathNot: '\\.test\\.ts$' },
    to: { path: '^new-services/$1/[^/]+\\.ts$' },
    probe: { file: 'new-services/probe/adapters/store.ts', imports: '../target.ts' },
  },
  {
    name: 'facade-knows-no-example',
    comment: 'The engine never names the example: it can stand in front of any system.',
    from: { path: '^facade/' },
    to: { path: '^(acl|new-services|legacy-monolith)/' },
    probe: { file: 'facade/probe.ts', imports: '#services/other/target.ts' },
  },
  {
    name: 'plan-model-is-the-shared-part',
    comment: 'Of the plan folder, others import the model; commands and suites are programs, not libraries.',
    from: { path: '^(facade|acl)/' },
    to: { path: '^migration-plan/', pathNot: '^migration-plan/model/' },
    probe: { file: 'facade/probe-cli.ts', imports: '#plan/cli/target.ts' },
  },
  {
    name: 'plan-model-imports-nobody',
    comment: 'The model is the lowest layer.',
    from: { path: '^migration-plan/model/' },
    to: { path: '^(facade|acl|new-services|legacy-monolith|migration-plan/(?!model/))' },
    probe: { file: 'migration-plan/model/probe.ts', imports: '../cli/target.ts' },
  },
  {
    name: 'facade-core-is-pure',
    comment:
      'The core decides, the edges act: itself, the plan model, node:crypto and a parser of HTML are all it knows.',
    from: { path: '^facade/core/', pathNot: '\\.test\\.ts$' },
    to: { pathNot: '^facade/core/|^migration-plan/model/|^(node:)?crypto$|node_modules/htmlparser2/' },
    probe: { file: 'facade/core/probe.ts', imports: 'node:http2' },
  },
  {
    name: 'relay-and-kits-are-engine',
    comment: 'They are named translators and gateways by the plan, at run time.',
    from: { path: '^acl/(relay|gateway-kit|translator-kit)/', pathNot: '\\.test\\.ts$' },
    to: { path: '^acl/(translators|gateway|identity-bridge)/' },
    probe: { file: 'acl/relay/probe.ts', imports: '../translators/target.ts' },
  },
  {
    name: 'acl-imports-only-the-plan-model',
    comment: 'The anti-corruption layer speaks HTTP to both sides.',
    from: { path: '^acl/' },
    to: { path: '^(facade|new-services)/' },
    probe: { file: 'acl/probe-services.ts', imports: '#services/other/target.ts' },
  },
  {
    name: 'cli-speaks-http',
    comment: 'The commands reach facade, relay and services over HTTP, so they work on a remote system too.',
    from: { path: '^migration-plan/(cli|tour)/' },
    to: { path: '^(facade|acl|new-services|legacy-monolith)/' },
    probe: { file: 'migration-plan/tour/probe.ts', imports: '#facade/target.ts' },
  },
  {
    name: 'suites-of-the-whole-speak-http',
    comment:
      'They look at facade, monolith and services from outside; they start them as processes, by the shared test kit.',
    from: { path: '^migration-plan/(passthrough|shadowing|bench|cutover)/' },
    to: { path: '^(facade|acl/(?!testing/)|new-services|legacy-monolith)/' },
    probe: { file: 'migration-plan/passthrough/probe.ts', imports: '#services/other/target.ts' },
  },
  {
    name: 'parity-compares',
    comment:
      'Parity suites speak HTTP to both sides; of the facade they take its comparison and its redaction.',
    from: { path: '^migration-plan/parity/' },
    to: {
      path: '^(facade/(?!core/(compare/index|redact/redactor)\\.ts$)|acl/(?!testing/)|new-services|legacy-monolith|migration-plan/(?!model/|parity/))',
    },
    probe: { file: 'migration-plan/parity/probe.ts', imports: '#facade/target.ts' },
  },
  {
    name: 'no-circle',
    comment: 'Modules that need each other are one idea in two files.',
    from: {},
    to: { circular: true },
    probe: { file: 'facade/probe-circle.ts', imports: './probe-circle-back.ts' },
  },
  {
    name: 'imports-resolve',
    comment: 'An import that resolves to nothing fails only when the line runs.',
    from: {},
    to: { couldNotResolve: true },
    probe: { file: 'facade/probe-unresolved.ts', imports: './is-not-there.ts' },
  },
];

/** Files that probes import; the last one closes the circle. */
export const probeTargets: Readonly<Record<string, string>> = {
  'migration-plan/model/target.ts': 'export const target = 1;\n',
  'migration-plan/cli/target.ts': 'export const target = 1;\n',
  'legacy-monolith/target.ts': 'export const target = 1;\n',
  'facade/target.ts': 'export const target = 1;\n',
  'acl/target.ts': 'export const target = 1;\n',
  'acl/translators/target.ts': 'export const target = 1;\n',
  'new-services/other/target.ts': 'export const target = 1;\n',
  'new-services/probe/target.ts': 'export const target = 1;\n',
  'new-services/probe/application/target.ts': 'export const target = 1;\n',
  'new-services/probe/adapters/target.ts': 'export const target = 1;\n',
  'facade/probe-circle-back.ts': "import './probe-circle.ts';\n",
};
