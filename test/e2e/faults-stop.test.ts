import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { FaultName } from '../../src/emulator/choices.ts';
import { start, type Env, type Running } from '../support/program.ts';
import type { ServedAccount } from '../support/served-account.ts';
import { envOf, expectEqual, lastRun, LISTS, published, serveChanged } from '../support/strike.ts';

/** What a run may be waiting for: each would take it far longer than a test may take. */
const WAITS: readonly { what: FaultName | 'window'; event?: string; env?: Env }[] = [
  { what: 'hang' },
  { what: 'hang-mid-body' },
  { what: 'drip' },
  { what: 'throttled', event: 'sync.waiting' },
  { what: 'throttled-200', event: 'sync.waiting' },
  { what: 'throttled-absurd', event: 'sync.waiting', env: { IMAGE_INVENTORY_DEADLINE: '0' } },
  { what: 'error-500', event: 'request.retry' },
  { what: 'window', event: 'sync.waiting', env: { IMAGE_INVENTORY_RATE_REQUESTS: '2' } },
];

describe.for(LISTS)('SIGTERM while the $api list is read', (list) => {
  /** Resolves when the run waits: its log says so, or the request that will get no answer has come. */
  async function untilItWaits(
    served: ServedAccount,
    running: Running,
    event?: string,
  ): Promise<void> {
    if (event !== undefined) {
      await running.logged(event);
      return;
    }
    for (let path = ''; !list.later.test(path);) {
      [, path] = (await once(served.emulator, 'request')) as [string, string];
    }
  }

  test.for(WAITS)(
    'and waits ($what): exit 143, and the next run goes on',
    async ({ what, event, env }) => {
      const served = await serveChanged(list);
      const before = published(served);
      if (what !== 'window') served.emulator.faults.add({ name: what, path: list.later });
      const running = start(['sync'], { ...served.env, ...envOf(list), ...env });
      await untilItWaits(served, running, event);
      running.child.kill('SIGTERM');
      expect(await running.finished).toMatchObject({ code: 143, stderr: '' });
      expect(published(served)).toEqual(before);
      expect(lastRun(served)).toMatchObject({ status: 'interrupted', error_code: 'STOPPED' });

      served.emulator.faults.clear();
      const next = await served.sync([], envOf(list));
      expect(next.code).toBe(0);
      expect(next.log().find(({ event }) => event === 'sync.started')).toMatchObject({
        resumed_run: 2,
      });
      expectEqual(served);
    },
  );
});
