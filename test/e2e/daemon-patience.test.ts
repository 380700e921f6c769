import { expect, test } from 'vitest';
import { startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { serveAccount } from '../support/served-account.ts';

const HANGING_END = new URL('../support/hanging-end.ts', import.meta.url).href;

/** A daemon whose orderly end never comes, and which has been told to end. */
async function startEnding(): Promise<RunningDaemon> {
  const served = await serveAccount();
  const daemon = startDaemon(served, { NODE_OPTIONS: `--import=${HANGING_END}` });
  await daemon.logged('daemon.scheduled');
  daemon.child.kill('SIGTERM');
  await daemon.logged('daemon.stopping');
  return daemon;
}

test('a second signal ends the daemon at once, with its own exit code', async () => {
  const daemon = await startEnding();
  const { code, stderr, log } = await daemon.stop('SIGINT');
  expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
  expect(log().at(-1)).toMatchObject({ event: 'daemon.stopping' });
});

test('an end that takes too long is cut off, and says so', async () => {
  const daemon = await startEnding();
  const { code, stderr, log } = await daemon.finished;
  expect({ code, stderr }).toEqual({
    code: 143,
    stderr: 'image-inventory: an orderly end took longer than 5 s: ended without it\n',
  });
  expect(log().at(-1)).toMatchObject({ event: 'daemon.stopping' });
});
