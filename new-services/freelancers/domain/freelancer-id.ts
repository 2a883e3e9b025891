import { parse, v5 } from 'uuid';

const urlNamespace = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

/** Namespace of all freelancer ids: UUIDv5 (RFC 9562) of the context's URL. */
export const FREELANCER_NAMESPACE = v5('https://fig.example/contexts/freelancers', urlNamespace);
/** As text it would be read again for each id, which takes as long as the rest. */
const namespaceBytes = parse(FREELANCER_NAMESPACE);

/** The id of a freelancer follows from its number, so that every system computes the same one. */
export function freelancerId(number: number): string {
  return v5(String(number), namespaceBytes);
}
