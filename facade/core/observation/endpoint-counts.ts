/** What was compared of one endpoint. JSON. */
export type EndpointCounts = {
  readonly template: string;
  match: number;
  mismatch: number;
  /** Differences that rules of the plan excuse or that are noise, and no others. */
  ignored: number;
  /** Of the ignored: beside noise, at places where legacy was not seen to differ from itself. Absent: none. */
  doubtful?: number;
};

export function newEndpoint(template: string): EndpointCounts {
  return { template, match: 0, mismatch: 0, ignored: 0 };
}

export function mergeEndpoints(one: EndpointCounts, other: EndpointCounts): EndpointCounts {
  const doubtful = (one.doubtful ?? 0) + (other.doubtful ?? 0);
  return {
    ...(doubtful > 0 ? { doubtful } : {}),
    template: one.template,
    match: one.match + other.match,
    mismatch: one.mismatch + other.mismatch,
    ignored: one.ignored + other.ignored,
  };
}
