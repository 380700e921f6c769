import { describe, expect, test } from 'vitest';
import { runDaemon } from '../../src/daemon/daemon.ts';
import { recordLog } from '../support/log.ts';

const EVERY_SECOND = { expression: '* * * * * *', timezone: 'UTC' };
const NEVER_SOON = { expression: '0 0 1 1 *', timezone: 'UTC' };

describe('the daemon', () => {
  test('leaves out a tick that comes while a run is under way', async () => {
    const { logger, logged } = recordLog();
    const stop = new AbortController();
    const release = Promise.withResolvers<undefined>();
    let rounds = 0;
    const round = async (): Promise<void> => {
      rounds += 1;
      await release.promise;
    };
    const daemon = runDaemon(
      { schedule: EVERY_SECOND, runOnStart: true, round, logger },
      stop.signal,
    );
    expect(await logged('daemon.skipped')).toMatchObject({ level: 'warn' });
    expect(rounds).toBe(1);
    release.resolve(undefined);
    await logged('daemon.scheduled');
    stop.abort();
    await daemon;
  });

  test('waits for the run under way before it says that it has stopped', async () => {
    const { logger, lines, logged } = recordLog();
    const stop = new AbortController();
    let isDone = false;
    const round = async (signal: AbortSignal): Promise<void> => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await Promise.resolve();
      isDone = true;
    };
    const daemon = runDaemon(
      { schedule: NEVER_SOON, runOnStart: true, round, logger },
      stop.signal,
    );
    await logged('daemon.started');
    stop.abort();
    await daemon;
    expect(isDone).toBe(true);
    expect(lines.map(({ event }) => event)).toEqual([
      'daemon.started',
      'daemon.stopping',
      'daemon.stopped',
    ]);
  });

  test('says when it runs next if it does not run at its start', async () => {
    const { logger, logged } = recordLog();
    const stop = new AbortController();
    const round = (): Promise<void> => Promise.reject(new Error('it must not run'));
    const daemon = runDaemon(
      { schedule: NEVER_SOON, runOnStart: false, round, logger },
      stop.signal,
    );
    expect(await logged('daemon.scheduled')).toMatchObject({
      next: expect.stringMatching(/-01-01T00:00:00.000Z$/) as string,
    });
    stop.abort();
    await daemon;
  });

  test.for(['99 * * * *', '* * *', 'every hour'])(
    'refuses %s, which is no schedule',
    async (expression) => {
      const { logger } = recordLog();
      const round = (): Promise<void> => Promise.resolve();
      const schedule = { expression, timezone: 'UTC' };
      const daemon = runDaemon({ schedule, runOnStart: true, round, logger }, AbortSignal.abort());
      await expect(daemon).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    },
  );
});
