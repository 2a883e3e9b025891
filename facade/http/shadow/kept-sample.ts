import type { Difference } from '../../core/compare/index.ts';
import type { KeptSample } from '../../core/observation/field.ts';
import { Redactor } from '../../core/redact/redactor.ts';
import type { Call } from '../call.ts';
import type { Exchange } from '../forwarder.ts';
import { redactionOf } from '../redaction-of.ts';
import { curlOf } from './curl.ts';

/**
 * What is kept of the differences of one comparison: both values and the request that shows them, without a secret in any
 * of them. The request is looked through once, when the first of them is kept.
 */
export function sampler(
  call: Call,
  headers: Exchange['headers'],
  body: Buffer | null,
): (difference: Difference) => KeptSample {
  const redactor = new Redactor(redactionOf(call.snapshot.plan));
  let curl: string | null = null;
  return ({ path, sample }) => {
    // The request comes first: an answer may repeat its secrets where nothing tells that they are.
    curl ??= curlOf(call, headers, body, redactor);
    const own = (value: string) => {
      if (path.startsWith('header:')) return redactor.header(path.split(':')[1] as string, value);
      if (path.startsWith('html:')) return redactor.html(value, sample.at);
      return path.startsWith('$') ? redactor.json(value, sample.at, sample.secret) : redactor.text(value);
    };
    const shown = (value: string | null) => (value === null ? null : redactor.withoutEchoes(own(value)));
    return {
      at: redactor.withoutEchoes(redactor.text(sample.at)),
      legacy: shown(sample.legacy),
      candidate: shown(sample.candidate),
      curl,
    };
  };
}
