import { isMap, isSeq, type Pair, parseDocument, Scalar, type YAMLMap } from 'yaml';

export type Added = { readonly plural: string; readonly variable: string; readonly port: number };

const GATEWAY_PORT = 4102;
const RELAY_PORT = 4120;
const FIRST_PORT = 4111;

/** The first port from 4111 on that stands nowhere in the plan. */
export function freePort(planYaml: string): number {
  let port = FIRST_PORT;
  while (new RegExp(`\\b${port}\\b`).test(planYaml)) port += 1;
  return port;
}

/**
 * plan.yaml with the new service in it: started by `fig up` before the gateway, which is told where it is. What a plan
 * needs for it and does not have yet (the gateway as a candidate, the relay) comes along; comments stay.
 */
export function addService(planYaml: string, { plural, variable, port }: Added): string {
  const document = parseDocument(planYaml);
  const flow = (value: object) => {
    const node = document.createNode(value) as YAMLMap;
    node.flow = true;
    return node;
  };
  const at = (name: string, fallback: number) => {
    const text = new Scalar(`\${${name}:-http://127.0.0.1:${fallback}}`);
    text.type = Scalar.QUOTE_DOUBLE;
    return text;
  };
  const addUnlessThere = (path: readonly string[], make: () => unknown) => {
    if (!document.hasIn(path)) document.setIn(path, make());
  };
  addUnlessThere(['candidates', 'gateway'], () =>
    flow({ url: at('GATEWAY_URL', GATEWAY_PORT), build: '/version' }),
  );
  addUnlessThere(['relay'], () => flow({ url: at('RELAY_URL', RELAY_PORT) }));
  addUnlessThere(['up', 'gateway'], () =>
    document.createNode({
      run: 'acl/gateway/main.ts',
      url: at('GATEWAY_URL', GATEWAY_PORT),
      ready: '/readyz',
    }),
  );
  addUnlessThere(['up', 'relay'], () =>
    document.createNode({ run: 'acl/relay/main.ts', url: at('RELAY_URL', RELAY_PORT), ready: '/readyz' }),
  );
  addUnlessThere(['up', 'gateway', 'env', 'LEGACY_URL'], () => legacyUrl(document.getIn(['legacy', 'url'])));
  document.setIn(['up', 'gateway', 'env', variable], at(variable, port));
  const up = document.get('up');
  if (!isMap(up)) throw new TypeError('up: expected a mapping');
  const service = document.createPair(plural, {
    run: `new-services/${plural}/main.ts`,
    url: at(variable, port),
    ready: '/readyz',
    database: 'postgres',
  });
  const before = up.items.findIndex((pair) => String((pair as Pair).key) === 'gateway');
  up.items.splice(before, 0, service as never);
  return asWritten(document.toString({ lineWidth: 0 }), planYaml);
}

const legacyUrl = (url: unknown) =>
  typeof url === 'string' ? url : '$' + '{LEGACY_URL:-http://127.0.0.1:4101}';

const STAGES = ['canary 1%', 'canary 10%', 'canary 50%', 'candidate'];

/**
 * A route that stands there already, moving to the gateway now and owning its data set; its matches and rules stay. One
 * that ended in shadow for want of an owner goes on.
 */
export function adoptRoute(routeYaml: string, set: string): string {
  const document = parseDocument(routeYaml);
  document.set('candidate', 'gateway');
  const data = document.createNode({ owned: set }) as YAMLMap;
  data.flow = true;
  document.set('data', data);
  const stages = document.get('stages');
  if (isSeq(stages) && stages.items.length === 1 && document.getIn(['stages', 0]) === 'shadow') {
    stages.comment = null;
    for (const stage of STAGES) stages.add(document.createNode(stage));
  }
  return asWritten(document.toString({ lineWidth: 0 }), routeYaml);
}

/** Lines that say the same keep the spaces that they were written with. */
function asWritten(text: string, source: string): string {
  const bare = (line: string) => line.trimEnd().replace(/(?<=[[{]) +| +(?=[\]}])/g, '');
  const written = new Map(source.split('\n').map((line) => [bare(line), line]));
  return text
    .split('\n')
    .map((line) => written.get(bare(line)) ?? line)
    .join('\n');
}
