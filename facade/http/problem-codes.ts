type CodeEntry = { readonly status: number; readonly meaning: string; readonly remedy: string };

const upstream = (party: string, sides: string) => ({
  [`UPSTREAM_CONNECT_${party}`]: {
    status: 502,
    meaning: `${sides} could not be connected to: refused, unreachable or unknown name.`,
    remedy: 'Start it, or correct its url in plan.yaml.',
  },
  [`UPSTREAM_CONNECT_TIMEOUT_${party}`]: {
    status: 504,
    meaning: `${sides} accepted no connection within \`timeouts.connect\`.`,
    remedy: 'Check the network and its load; raise the timeout.',
  },
  [`UPSTREAM_TLS_${party}`]: {
    status: 502,
    meaning: `${sides} and the facade found no TLS: its certificate is not trusted, has expired or is made out to another name, or it speaks none.`,
    remedy: 'See `cause` in the log; correct the certificate, or `tls` of the upstream in plan.yaml.',
  },
  [`UPSTREAM_HEADERS_${party}`]: {
    status: 502,
    meaning: `${sides} closed the connection before it answered.`,
    remedy: 'Read its log: it crashed or restarted.',
  },
  [`UPSTREAM_HEADERS_TIMEOUT_${party}`]: {
    status: 504,
    meaning: `${sides} sent no answer within \`timeouts.headers\`.`,
    remedy: 'Find the slow request; raise the timeout.',
  },
  [`UPSTREAM_IDLE_TIMEOUT_${party}`]: {
    status: 504,
    meaning: `${sides} took no more of the request for \`timeouts.idle\`.`,
    remedy: 'Check its load; raise the timeout.',
  },
  [`UPSTREAM_BUSY_${party}`]: {
    status: 503,
    meaning: `${sides} has as many requests in flight and waiting as \`bulkhead\` allows.`,
    remedy: 'Repeat it later; make it faster, or raise `bulkhead`.',
  },
  [`UPSTREAM_PROTOCOL_${party}`]: {
    status: 502,
    meaning: `${sides} answered something that is not HTTP, switched protocols unasked, or sent headers above 256 KiB.`,
    remedy: 'See `detail`; check that the url points at an HTTP server.',
  },
});

type Side = 'LEGACY' | 'CANDIDATE';
type UpstreamStage =
  | 'CONNECT'
  | 'CONNECT_TIMEOUT'
  | 'TLS'
  | 'HEADERS'
  | 'HEADERS_TIMEOUT'
  | 'IDLE_TIMEOUT'
  | 'BUSY'
  | 'PROTOCOL';
export type UpstreamCode = `UPSTREAM_${UpstreamStage}_${Side}`;

const OTHER = {
  ROUTE_TARGET_INVALID: {
    status: 400,
    meaning: 'The request target is no path, or holds a broken escape (`%zz`, `%00`).',
    remedy: 'Escape the path.',
  },
  ROUTE_TARGET_AMBIGUOUS: {
    status: 400,
    meaning:
      'Read more freely (`;x` cut off, `%2F` and `%5C` as slashes, decoded again), the path would be decided otherwise.',
    remedy: 'Send the path that is meant.',
  },
  ROUTE_METHOD_OVERRIDE: {
    status: 400,
    meaning:
      'A method override header would be decided differently from the method itself, and not legacy alone is asked.',
    remedy: 'Send the method that is meant.',
  },
  ROUTE_REQUEST_INVALID: {
    status: 400,
    meaning: 'The request is malformed: HTTP syntax, JSON, or fields of an admin body.',
    remedy: 'See `detail` and `errors`.',
  },
  ROUTE_HEADERS_TOO_LARGE: {
    status: 431,
    meaning: 'The request headers exceed `limits.maxHeader`.',
    remedy: 'Send less, or raise the limit.',
  },
  ROUTE_BODY_TOO_LARGE: {
    status: 413,
    meaning: 'The request body exceeds `limits.maxBody` (or the limit of the admin API).',
    remedy: 'Send less, or raise the limit.',
  },
  ROUTE_BODY_TIMEOUT: {
    status: 408,
    meaning: 'The client sent no more of its request for too long.',
    remedy: 'Send it again.',
  },
  ROUTE_ENCODING_UNSUPPORTED: {
    status: 501,
    meaning: 'The request has a transfer coding other than `chunked`.',
    remedy: 'Send it chunked or with a length.',
  },
  ROUTE_VERSION_UNSUPPORTED: {
    status: 505,
    meaning: 'The request is in another version of HTTP than 1.0 or 1.1.',
    remedy: 'Speak HTTP/1.1.',
  },
  ROUTE_EXPECTATION_UNSUPPORTED: {
    status: 417,
    meaning: 'The request expects something other than `100-continue`.',
    remedy: 'Send it without `Expect`.',
  },
  ROUTE_METHOD_UNSUPPORTED: {
    status: 501,
    meaning: 'The method is CONNECT: the facade is no tunnel.',
    remedy: 'Send the request itself.',
  },
  ROUTE_METHOD_NOT_ALLOWED: {
    status: 405,
    meaning: 'The admin API has this resource, but not by this method.',
    remedy: 'Use a method that `Allow` names.',
  },
  ROUTE_RATE_EXCEEDED: {
    status: 429,
    meaning: 'The client sent more requests a second to this route than `limits.rate` allows.',
    remedy: 'Wait for the seconds of `Retry-After`.',
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    meaning: 'No route claims the path and the plan names no legacy; or the admin API has no such resource.',
    remedy: 'Add a route or `legacy` to the plan.',
  },
  ROUTE_UNKNOWN: {
    status: 404,
    meaning: 'The plan has no route of this name.',
    remedy: 'See `GET /v1/routes`.',
  },
  ROUTE_OWNER_UNKNOWN: {
    status: 503,
    meaning: 'The ledger cannot be trusted, so the owner of this data is not known.',
    remedy: 'Do what `fault` of `GET /v1/ledger` says.',
  },
  ROUTE_VERSION_STALE: {
    status: 409,
    meaning: 'The route moved since `expectedVersion` was read.',
    remedy: 'Read the route again, then decide.',
  },
  ROUTE_STEP_ILLEGAL: {
    status: 422,
    meaning: 'Without force only the next step of `stages` can be taken.',
    remedy: 'Take the step named in `next`.',
  },
  ROUTE_DATA_NOT_COPIED: {
    status: 422,
    meaning:
      'The rows that the route reads are not in the store of the candidate yet, or the relay cannot say.',
    remedy: 'Run `fig backfill` for its data set.',
  },
  ROUTE_DEPENDENCY_BEHIND: {
    status: 422,
    meaning: 'A route of `dependsOn` is not as far as this one is to go: `waitsFor` says where it stands.',
    remedy: 'Move that one first.',
  },
  ROUTE_EVIDENCE_MISSING: {
    status: 422,
    meaning:
      'The guardrails of the route are not passed at its stage, its bake time is not over, or for `candidate` its parity suite has not passed of late: `detail` and `guardrails` say why.',
    remedy: 'Wait for more samples, run the suite, or mend what differs.',
  },
  ROUTE_RECORDING_BUSY: {
    status: 409,
    meaning: 'One recording at a time is made at an instance, and there is one.',
    remedy: 'Wait for its end, or stop it.',
  },
  ROUTE_EVIDENCE_OUTDATED: {
    status: 409,
    meaning:
      'What was tested is another form of the route than the facade has, or another build of its candidate than runs now.',
    remedy: 'Reload the plan if need be, and run the suite again.',
  },
  ROUTE_RETIRED: {
    status: 422,
    meaning: 'Nothing leads out of `retired`.',
    remedy: 'Make a new route.',
  },
  ROUTE_KILLED: {
    status: 422,
    meaning: 'The route is killed: it answers from legacy until it is resumed.',
    remedy: 'Resume it.',
  },
  ROUTE_WRITER_LEGACY: {
    status: 422,
    meaning: 'Legacy owns the data of the route, or they are on their way back to it.',
    remedy: 'Cut the data set over first.',
  },
  ROUTE_WRITER_CANDIDATE: {
    status: 422,
    meaning: 'The candidate owns the data of the route, so going back takes the reverse cutover.',
    remedy: 'Roll back again: it became the owner meanwhile.',
  },
  ROUTE_STREAMS_EXHAUSTED: {
    status: 503,
    meaning: 'As many event streams of the admin API are open as it serves.',
    remedy: 'Close one; ask again later.',
  },
  ROUTE_INTERNAL: {
    status: 500,
    meaning: 'A fault of the facade itself.',
    remedy: 'Report it with the log line of this request id.',
  },
  UPSTREAM_MISSING_LEGACY: {
    status: 503,
    meaning: 'The route answers from legacy, and the plan names no legacy.',
    remedy: 'Add `legacy` to plan.yaml.',
  },
  UPSTREAM_EJECTED_CANDIDATE: {
    status: 502,
    meaning:
      'The candidate is out: too many requests or probes failed (`health`). Writes, and reads without `fallback`, have nobody else.',
    remedy: 'Read its log; `GET /v1/upstreams` shows its health. It is tried again by itself.',
  },
  PLAN_INVALID: {
    status: 422,
    meaning: 'The plan on disk has errors; the one in force stays.',
    remedy: 'See `errors`; `fig lint` shows them too.',
  },
  PLAN_RELOAD_UNSAFE: {
    status: 422,
    meaning:
      'The plan on disk would move clients or writers of routes that are on the way; the one in force stays.',
    remedy: 'See `errors`: roll the route back first, or use force where it says so.',
  },
  PLAN_SET_UNKNOWN: {
    status: 404,
    meaning: 'The plan has no data set of this name.',
    remedy: 'See `data/` of the plan.',
  },
  PLAN_REPLICAS_DIFFER: {
    status: 409,
    meaning: 'Live replicas have another form of the route: `instances` names them.',
    remedy: 'Give all replicas the same plan and reload it.',
  },
  LEDGER_CORRUPT: {
    status: 503,
    meaning: 'The ledger cannot be trusted, or could not be opened: positions cannot be changed.',
    remedy: 'Do what `fault` of `GET /v1/ledger` says.',
  },
  LEDGER_UNREACHABLE: {
    status: 503,
    meaning: 'The database of the ledger is away: positions stay as last known and cannot be changed.',
    remedy: 'Start it, or correct `--ledger`; the facade goes on by itself.',
  },
  LEDGER_UNWRITABLE: {
    status: 503,
    meaning: 'The ledger could not be written; nothing changed.',
    remedy: 'Check disk space and permissions, then try again.',
  },
  FENCE_INSTANCE_UNKNOWN: {
    status: 404,
    meaning: 'No instance of this id is on the list: it left, or was evicted.',
    remedy: 'See `GET /v1/instances`.',
  },
  FENCE_INSTANCE_LIVE: {
    status: 409,
    meaning: 'The instance to evict was seen a moment ago.',
    remedy: 'Stop it, or use force.',
  },
  FENCE_INSTANCE_EVICTED: {
    status: 503,
    meaning: 'This instance was evicted: nobody waits for it any more, so it must get no traffic.',
    remedy: 'Restart it.',
  },
  FENCE_NO_WORKER: {
    status: 503,
    meaning: 'No worker of this instance accepts requests.',
    remedy: 'Read the log: it says how they ended. They are replaced by themselves.',
  },
  FENCE_WRITES_HELD: {
    status: 503,
    meaning:
      'The data that the request writes is changing its owner, and too many writes wait, or this one has for 10 s.',
    remedy: 'Repeat it after `Retry-After`: nothing was written.',
  },
  FENCE_WRITE_DECLINED: {
    status: 503,
    meaning:
      'The service took no write since its data has another owner, and this instance has not heard of one within 2 s, or could not send the body again.',
    remedy: 'Repeat it after `Retry-After`: nothing was written. If it stays, see `fig instances`.',
  },
  FENCE_CUTOVER_REFUSED: {
    status: 422,
    meaning:
      'Something stands in the way of another owner for the data set: `checks` says what was measured.',
    remedy: 'See `detail`; ask again with `dryRun` until every check holds.',
  },
  FENCE_CUTOVER_RUNNING: {
    status: 409,
    meaning: 'The data set is changing its owner already.',
    remedy: 'Follow it with `GET /v1/data/{set}/cutover`.',
  },
  AUTH_TOKEN_INVALID: {
    status: 401,
    meaning: 'No token, or one that is unknown or has expired.',
    remedy: 'Send `authorization: Bearer TOKEN`; `fig token add` makes one.',
  },
  AUTH_ROLE_INSUFFICIENT: {
    status: 403,
    meaning: 'The role of the token may not do this: `needed` may.',
    remedy: 'Ask somebody who has that role.',
  },
  AUTH_HOST_REFUSED: {
    status: 403,
    meaning: 'The Host header names neither loopback nor the admin host.',
    remedy: 'Use a loopback name, or list the name in FIG_ADMIN_HOSTS.',
  },
} as const satisfies Record<string, CodeEntry>;

export type ProblemCode = UpstreamCode | keyof typeof OTHER;

/** Every code that the facade answers with. The table in the README is checked against this one. */
export const PROBLEMS = {
  ...OTHER,
  ...upstream('LEGACY', 'Legacy'),
  ...upstream('CANDIDATE', 'The candidate'),
} as Readonly<Record<ProblemCode, CodeEntry>>;
