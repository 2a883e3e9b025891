import { createHmac } from 'node:crypto';
import type { Logger } from 'pino';
import type { Notice, NoticeCounts, Notifier } from '../core/notifier.ts';

export type WebhookOptions = {
  /** Where to, asked for each notice: a reload may have changed it. Null: nobody is told. */
  readonly url: () => string | null;
  /** Asked for when there is something to sign. */
  readonly secret: () => Buffer;
  readonly log: Logger;
  readonly now: () => Date;
  /** Times for tests; the defaults are those of production. */
  readonly timing?: Partial<typeof TIMING>;
};

export type WebhookNotifier = Notifier & { counts(): NoticeCounts };

const TIMING = {
  /** Longest wait for an answer. */
  answerMs: 10_000,
  /** Wait before the second attempt; each further one waits twice as long. */
  firstWaitMs: 1_000,
  longestWaitMs: 60_000,
  /** How long `close` goes on. */
  closeMs: 3_000,
};
const ATTEMPTS = 10;
const MAX_QUEUED = 1_000;

/**
 * Posts each notice to a webhook, one after the other, signed as Standard Webhooks 1.0 says (standardwebhooks.com):
 * `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,BASE64`, an HMAC-SHA256 over `ID.TIMESTAMP.BODY`. No answer,
 * 408, 425, 429 and 5xx are tried again; any other answer that is no 2xx is final. Beyond 1,000 that wait the oldest
 * goes. Redirects are not followed.
 */
export function webhookNotifier(options: WebhookOptions): WebhookNotifier {
  const { url, log } = options;
  const timing = { ...TIMING, ...options.timing };
  const queue: Notice[] = [];
  const closing = new AbortController();
  const counted = { delivered: 0, failed: 0, retries: 0, dropped: 0 };
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    for (let notice = queue[0]; notice; notice = queue[0]) {
      const failure = await deliver(notice);
      if (failure) log.error({ notice: notice.id, type: notice.type, ...failure }, 'notice given up');
      // While it was on its way it may have been pushed out.
      if (queue[0] === notice) queue.shift();
    }
    running = null;
  }

  async function deliver(notice: Notice): Promise<object | null> {
    for (let attempt = 1; ; attempt++) {
      const to = url();
      if (to === null) return null;
      const outcome = await post(to, notice, options, timing.answerMs);
      if (outcome === 'delivered') {
        counted.delivered++;
        return null;
      }
      const { final, retryAfterMs, ...failure } = outcome;
      if (final || attempt === ATTEMPTS || closing.signal.aborted) {
        counted.failed++;
        return { attempts: attempt, ...failure };
      }
      counted.retries++;
      log.warn({ notice: notice.id, type: notice.type, attempt, ...failure }, 'notice not delivered yet');
      const backoff = timing.firstWaitMs * 2 ** (attempt - 1);
      await pause(Math.min(timing.longestWaitMs, Math.max(backoff, retryAfterMs)), closing.signal);
    }
  }

  return {
    tell(notice) {
      if (url() === null || closing.signal.aborted) return;
      queue.push(notice);
      if (queue.length > MAX_QUEUED) {
        const oldest = queue.shift();
        counted.dropped++;
        log.error({ notice: oldest?.id, type: oldest?.type }, 'notice dropped: too many wait');
      }
      running ??= run();
    },
    counts: () => ({ ...counted, waiting: queue.length }),
    async close() {
      // Nobody waits for another attempt; what was not tried yet is tried once.
      closing.abort();
      if (running) await Promise.race([running, later(timing.closeMs)]);
      if (queue.length > 0) log.error({ notices: queue.length }, 'notices dropped: the facade stops');
    },
  };
}

type Failure = {
  readonly final: boolean;
  readonly retryAfterMs: number;
  readonly status?: number;
  readonly cause?: string;
};

async function post(
  url: string,
  notice: Notice,
  { secret, now }: WebhookOptions,
  answerMs: number,
): Promise<'delivered' | Failure> {
  const body = JSON.stringify({ type: notice.type, timestamp: notice.at, data: notice.data });
  const timestamp = String(Math.floor(now().getTime() / 1000));
  const signature = createHmac('sha256', secret())
    .update(`${notice.id}.${timestamp}.${body}`)
    .digest('base64');
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'fig',
        'webhook-id': notice.id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(answerMs),
    });
    const { status, ok } = answer;
    // What a receiver has to say is of no interest, and may be endless.
    await answer.body?.cancel();
    if (ok) return 'delivered';
    const final = status < 500 && ![408, 425, 429].includes(status);
    const seconds = Number(answer.headers.get('retry-after') ?? 0);
    return { final, status, retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : 0 };
  } catch (error) {
    // SECURITY: an address may hold a token, so only what went wrong is told.
    const { name, cause } = error as Error & { cause?: { code?: string } };
    return { final: false, retryAfterMs: 0, cause: cause?.code ?? name };
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    signal.addEventListener('abort', done);
  });
}

const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
