import { open } from 'node:fs/promises';

/** A new or renamed file is only there after a power cut if its folder was synced too. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  // Some systems cannot sync a folder; there the file system answers for it.
  await handle?.sync().catch(() => {});
  await handle?.close();
}
