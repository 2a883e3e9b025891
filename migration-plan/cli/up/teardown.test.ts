import { describe, expect, it } from '@jest/globals';
import { Teardown } from './teardown.ts';

describe('Teardown', () => {
  const undone: string[] = [];
  const said: string[] = [];
  const undo = (name: string) => async () => void undone.push(name);

  it('undoes in reverse order, goes on after a failure, and undoes at once what gets ready later', async () => {
    const teardown = new Teardown((line) => said.push(line));
    await teardown.add(undo('database'));
    await teardown.add(async () => Promise.reject(new Error('stuck')));
    await teardown.add(undo('service'));
    expect(teardown.signal.aborted).toBe(false);
    await teardown.run();
    expect(undone).toEqual(['service', 'database']);
    expect(said).toEqual(['stuck']);
    await expect(teardown.add(undo('late'))).rejects.toThrow(/abort/i);
    expect(undone).toEqual(['service', 'database', 'late']);
  });
});
