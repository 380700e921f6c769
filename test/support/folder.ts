import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const MEMORY = '/dev/shm';
const ENOUGH_BYTES = 256 * 1024 * 1024;

/** Where files are written in memory if the machine has such a place: thousands of inventories need no disk. */
function memoryOrDisk(): string {
  if (!existsSync(MEMORY)) return tmpdir();
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize > ENOUGH_BYTES ? MEMORY : tmpdir();
}

/** A fresh folder, in memory if the machine can; whoever asked for it takes it away. */
export function makeFolder(): string {
  return mkdtempSync(join(memoryOrDisk(), 'image-inventory-'));
}

/** A fresh folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'image-inventory-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
