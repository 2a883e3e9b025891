import { createHash, createHmac } from 'node:crypto';

/** The value of `x-fig-signature` for a request, written down here a second time as openapi.yaml describes it. */
export function signatureOf(
  secret: string,
  { method, target, body = '' }: { method: string; target: string; body?: string },
  atMs = Date.now(),
): string {
  const bodyHash = createHash('sha256').update(body).digest('hex');
  const signed = createHmac('sha256', secret).update(`${atMs}\n${method}\n${target}\n${bodyHash}`);
  return `t=${atMs},v1=${signed.digest('hex')}`;
}
