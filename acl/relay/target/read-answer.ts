import type { z } from 'zod';
import { AclError } from '../../gateway-kit/error.ts';
import type { HttpAnswer } from '../../gateway-kit/http-client.ts';

/** The body of an answer of a service; throws AclError when it is not what the sync protocol says. */
export function readAnswer<T>(shape: z.ZodType<T>, answer: HttpAnswer, url: string): T {
  const result = shape.safeParse(answer.body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new AclError(
    'ACL_SERVICE_ANSWER',
    `${url}: not the sync inbox protocol: ${issue?.path.join('.')} ${issue?.message}`,
  );
}
