import type { Comparison, Difference } from '../../core/compare/index.ts';
import type { KeptSample } from '../../core/observation/field.ts';
import { Redactor } from '../../core/redact/redactor.ts';
import type { Call } from '../call.ts';
import type { Exchange } from '../forwarder.ts';
import { redactionOf } from '../redaction-of.ts';
import { curlOf } from './curl.ts';

/**
 * What is kept of the differences of one comparison: places, both values and the request that shows them, without a
 * secret in any of them. The request is looked through once, when the first of them is kept.
 */
export class Sampler {
  readonly #call: Call;
  readonly #headers: Exchange['headers'];
  readonly #body: Buffer | null;
  readonly #redactor: Redactor;
  #known: string | null = null;

  constructor(call: Call, headers: Exchange['headers'], body: Buffer | null) {
    this.#call = call;
    this.#headers = headers;
    this.#body = body;
    this.#redactor = new Redactor(redactionOf(call.snapshot.plan));
  }

  keep(difference: Difference): KeptSample {
    const curl = this.#curl();
    return { ...this.#redactor.sample(difference), curl };
  }

  /** The same differences on paths that name no member after a secret of the request; what `isKnown` has been looked at before. */
  placed(found: Comparison, isKnown: (difference: Difference) => boolean): Comparison {
    const differences = new Map<string, Difference>();
    for (const difference of found.differences) {
      const path = isKnown(difference) ? difference.path : this.#pathOf(difference.path);
      const key = `${difference.kind} ${path}`;
      const same = differences.get(key);
      differences.set(
        key,
        same ? { ...same, count: same.count + difference.count } : { ...difference, path },
      );
    }
    return { ...found, differences: [...differences.values()] };
  }

  #pathOf(path: string): string {
    if (!LONG_NAME.test(path)) return path;
    this.#curl();
    return this.#redactor.pathWithoutEchoes(path);
  }

  /** The request comes first: an answer may repeat its secrets where nothing tells that they are. */
  #curl(): string {
    this.#known ??= curlOf(this.#call, this.#headers, this.#body, this.#redactor);
    return this.#known;
  }
}

/** Shorter ones repeat no secret. */
const LONG_NAME = /^\$.*[^.[\]"]{8}/;
