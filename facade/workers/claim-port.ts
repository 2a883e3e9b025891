import { createServer } from 'node:net';
import { listen } from '../listen.ts';
import { SettingsError } from '../settings.ts';

/** Workers of a facade that crashed a moment ago may still have the port, until they notice. */
const PATIENCE_MS = 3_000;
const AGAIN_MS = 100;

/**
 * Makes sure that nobody listens on a port that workers are going to share, and gives it (a free one for 0). Throws
 * `SettingsError`. A shared port refuses nobody of the same user: two facades on it would split the traffic in silence.
 */
export async function claimPort(place: { port: number; host: string; flag: string }): Promise<number> {
  for (const deadline = performance.now() + PATIENCE_MS; ; ) {
    try {
      const server = createServer();
      const port = await listen(server, place);
      await new Promise((resolve) => server.close(resolve));
      return port;
    } catch (error) {
      if (!(error instanceof SettingsError) || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
