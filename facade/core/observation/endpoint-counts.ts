/** What was compared of one endpoint. JSON. */
export type EndpointCounts = {
  readonly template: string;
  match: number;
  mismatch: number;
  /** Differences that rules of the plan excuse or that are noise, and no others. */
  ignored: number;
};

export function newEndpoint(template: string): EndpointCounts {
  return { template, match: 0, mismatch: 0, ignored: 0 };
}

export function mergeEndpoints(one: EndpointCounts, other: EndpointCounts): EndpointCounts {
  return {
    template: one.template,
    match: one.match + other.match,
    mismatch: one.mismatch + other.mismatch,
    ignored: one.ignored + other.ignored,
  };
}
