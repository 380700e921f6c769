import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import type { Image } from '../../src/inventory/image.ts';
import { openForWriting, type WritableDatabase } from '../../src/store/database.ts';
import { createStore } from '../../src/store/store.ts';
import type { RunEnd, RunStart, Stage } from '../../src/sync/ports/stage.ts';
import { temporaryFolder } from './folder.ts';
import { pageOf } from './page.ts';

/** How a run ended that nobody looks at closely. */
export const END: RunEnd = { requests: 1, retries: 0, finishedAt: 1000, expected: undefined };
export const FAILED = { status: 'failed', code: 'UNEXPECTED', message: 'no' } as const;
export const STOPPED = { status: 'interrupted', code: 'STOPPED', message: 'stopped' } as const;

/** A real inventory file, opened for writing as a process does. */
export interface OpenedStore {
  readonly path: string;
  readonly opened: WritableDatabase;
  /** Begins a run of account `acc`, of everything, at the time 0, unless told otherwise. */
  readonly begin: (start?: Partial<RunStart>) => Stage;
  /** As if the process had died: nothing is said to anybody. */
  readonly die: () => void;
}

/** Opens an inventory, a fresh one unless it is told which. @param now - When, in milliseconds since 1970. */
export function openStore(path = join(temporaryFolder(), 'inventory.db'), now = 0): OpenedStore {
  const opened = openForWriting(path, '2026-01-01T00:00:00.000Z');
  const store = createStore(opened, now);
  const die = (): void => {
    store.close();
    opened.close();
  };
  onTestFinished(die);
  const begin: OpenedStore['begin'] = (start) =>
    store.begin({
      accountId: 'acc',
      creators: undefined,
      mode: 'full',
      api: 'v1',
      startedAt: now,
      toolVersion: 'test',
      scope: '',
      mayResume: true,
      ...start,
    });
  return { path, opened, begin, die };
}

/** An inventory with one published run. */
export function openStoreWith(images: readonly Image[]): OpenedStore {
  const opened = openStore();
  const stage = opened.begin();
  stage.add(pageOf(images));
  stage.publish(END);
  return opened;
}

/** An image that has an id, and perhaps a file name. */
export function imageOf(id: string, filename?: string): Image {
  return decodeImage({ id, filename });
}

/** The ids that a stage suspects. */
export function suspectsOf(stage: Stage): string[] {
  return [...stage.suspects()].flat();
}
