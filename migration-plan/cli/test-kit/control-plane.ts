import { afterEach, beforeEach } from '@jest/globals';
import { PlanFolders } from '#plan/model/test-kit/plan-folder.ts';
import { FakeControl } from './fake-control.ts';

/** Plan folders of the running test, removed behind it. */
export const folders = new PlanFolders();
/** A control plane for each test of the file that imports this, and where its admin API listens. */
export let control: FakeControl;
export let admin: string;

beforeEach(async () => {
  control = new FakeControl();
  admin = await control.listen();
});
afterEach(async () => {
  folders.removeAll();
  await control.close();
});
