import type { Answer, Client, Failure } from './clients.ts';

/** A steady stream of reads from many clients, each waiting for its answer before it asks again. */
export class Traffic {
  readonly answers: Answer[] = [];
  readonly failures: Failure[] = [];
  phase = '';
  #running = false;
  #loops: Promise<void>[] = [];
  readonly #clients: readonly Client[];
  readonly #pauseMs: number;

  constructor(clients: readonly Client[], requestsPerSecond: number) {
    this.#clients = clients;
    this.#pauseMs = (1000 * clients.length) / requestsPerSecond;
  }

  start(): void {
    this.#running = true;
    this.#loops = this.#clients.map((client) => this.#run(client));
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
  }

  async #run(client: Client): Promise<void> {
    await wait((this.#pauseMs * client.number) / this.#clients.length);
    while (this.#running) {
      const path = client.nextRead();
      const phase = this.phase;
      try {
        const answer = await client.send('GET', path);
        this.answers.push({ ...answer, client: client.number, phase });
        // A client counts a 5xx as an outage, whoever caused it.
        if (answer.status >= 500 && !isContract(answer)) {
          this.failures.push({
            client: client.number,
            phase,
            request: answer.request,
            error: `answered ${answer.status}: ${answer.body.slice(0, 120)}`,
          });
        }
      } catch (error) {
        const cause = (error as Error & { cause?: Error }).cause?.message ?? (error as Error).message;
        this.failures.push({ client: client.number, phase, request: `GET ${path}`, error: cause });
      }
      await wait(this.#pauseMs);
    }
  }
}

/** The monolith answers `invalid id` with a 500: its contract, however odd. */
function isContract(answer: Pick<Answer, 'body'>): boolean {
  return answer.body === '{"error":"invalid id"}';
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
