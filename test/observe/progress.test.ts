import { expect, test } from 'vitest';
import { Progress } from '../../src/observe/progress.ts';
import type { RunEvent } from '../../src/sync/events.ts';

const page = (number: number, listed: number): RunEvent => ({
  type: 'sync.page',
  page: number,
  images: 1000,
  listed,
  requestMs: 1,
  cfRay: undefined,
});
const STARTED: RunEvent = {
  type: 'sync.started',
  mode: 'full',
  expected: 10_000,
  stored: 0,
  resumed: undefined,
  plan: undefined,
};

function draw(remaining: number, columns: number) {
  const written: string[] = [];
  let now = 0;
  const terminal = { columns, write: (text: string) => void written.push(text) };
  const waitMs = (requests: number): number =>
    300_000 * Math.ceil(Math.max(0, requests - remaining) / 5);
  const quota = { remaining: () => remaining, waitMs };
  const progress = new Progress(terminal, quota, () => now);
  return { progress, written, pass: (ms: number) => (now += ms) };
}

test('tells how far, how fast, what is left of the quota, and how long', () => {
  const { progress, written, pass } = draw(100, 200);
  progress.show(STARTED);
  pass(1000);
  progress.show(page(1, 1000));
  expect(written.at(-1)).toBe(
    '\r\u001b[2K1,000 of 10,000 (10%) images · 1,000 images/s · 100 requests left in the window · ETA 9.0 s',
  );
});

test('counts the waits for quota into the time that is left', () => {
  const { progress, written, pass } = draw(2, 200);
  progress.show(STARTED);
  pass(1000);
  progress.show(page(1, 1000));
  // Nine pages left, two in this window, five in each of the next ones.
  expect(written.at(-1)).toContain('ETA 10 min');
});

test.for([20, 80, 0])('never wraps in a terminal of %i columns', (columns) => {
  const { progress, written, pass } = draw(100, columns);
  progress.show(STARTED);
  pass(1000);
  progress.show(page(1, 1000));
  const line = written.at(-1)?.replace('\r\u001b[2K', '') ?? '';
  expect(line.length).toBeGreaterThan(10);
  expect(line.length).toBeLessThan(columns || 80);
});

test('steps aside for a log line, and is gone at the end', () => {
  const { progress, written } = draw(100, 200);
  progress.show(STARTED);
  written.length = 0;
  progress.around(() => written.push('a log line\n'));
  expect(written).toEqual(['\r\u001b[2K', 'a log line\n', 'reading the list …']);
  progress.show({ type: 'sync.unlogged', count: 1, mode: 'full' });
  const counts = { listed: 1, added: 1, changed: 0, removed: 0, restored: 0, unchanged: 0 };
  const usage = { requests: 1, retries: 0 };
  progress.show({
    type: 'sync.finished',
    mode: 'full',
    isBaseline: true,
    counts,
    usage,
    durationMs: 1,
  });
  expect(written.at(-1)).toBe('\r\u001b[2K');
  progress.around(() => written.push('after\n'));
  expect(written.at(-1)).toBe('after\n');
});
