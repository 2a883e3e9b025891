import { type Answer, contractHeaders } from './clients.ts';

/** A client that had been moved and was answered by legacy again while the share only rose. */
export type Flip = {
  readonly client: number;
  readonly phase: string;
  readonly request: string;
  readonly reason: string;
};

export function flipsDuringRise(answers: readonly Answer[], rise: readonly string[]): Flip[] {
  const moved = new Set<number>();
  const flips: Flip[] = [];
  for (const answer of answers) {
    if (!rise.includes(answer.phase)) continue;
    if (answer.upstream === 'candidate') moved.add(answer.client);
    else if (moved.has(answer.client)) flips.push(answer);
  }
  return flips;
}

export type Difference = {
  readonly request: string;
  readonly what: string;
  readonly legacy: string;
  readonly other: string;
};

export type Reference = Pick<Answer, 'status' | 'body' | 'headers'>;

/** Asks one upstream directly, past the facade. */
export async function askDirectly(upstreamUrl: string, request: string, cookie: string): Promise<Reference> {
  const [method = 'GET', path = '/'] = request.split(/ (.*)/s);
  const answer = await fetch(upstreamUrl + path, { method, headers: { cookie }, redirect: 'manual' });
  return { status: answer.status, body: await answer.text(), headers: contractHeaders(answer.headers) };
}

/** The first thing in which an answer is not what the monolith says; null when it is the same to the byte. */
export function firstDifference(request: string, legacy: Reference, other: Reference): Difference | null {
  const differs = (what: string, left: unknown, right: unknown) =>
    ({
      request,
      what,
      legacy: String(left).slice(0, 160),
      other: String(right).slice(0, 160),
    }) satisfies Difference;
  if (legacy.status !== other.status) return differs('status', legacy.status, other.status);
  if (legacy.body !== other.body) {
    let at = 0;
    while (legacy.body[at] === other.body[at]) at += 1;
    return differs(
      `body at ${at}`,
      legacy.body.slice(Math.max(0, at - 40)),
      other.body.slice(Math.max(0, at - 40)),
    );
  }
  for (const [name, value] of Object.entries(legacy.headers)) {
    const shown = name === 'etag' ? unmarked(other.headers[name]) : other.headers[name];
    if (value !== shown) return differs(`header ${name}`, value, shown);
  }
  return null;
}

/** While a route is split its ETags say which side they are of; what is behind the mark must be legacy's own. */
function unmarked(tag: string | null | undefined): string | null | undefined {
  return tag?.replace(/^((?:W\/)?")fig-[0-9a-f]{6}-/, '$1') ?? tag;
}
