import { expect, test } from 'vitest';
import type { Change } from '../../src/inventory/change.ts';
import type { RunEvent } from '../../src/sync/events.ts';
import { createTeller } from '../../src/sync/tell.ts';

const change: Change = { imageId: 'a', kind: 'added', diff: '{}' };

test.for([
  { changes: 0, told: 0, counted: [] },
  { changes: 2, told: 2, counted: [] },
  { changes: 3, told: 3, counted: [] },
  { changes: 5, told: 3, counted: [{ type: 'sync.unlogged', count: 2, mode: 'dry-run' }] },
])('of $changes changes 3 are told, the rest is counted', ({ changes, told, counted }) => {
  const events: RunEvent[] = [];
  const teller = createTeller((event) => events.push(event), 'dry-run', 3);
  for (let index = 0; index < changes; index += 1) teller.tell(change);
  teller.finish();
  const one = { type: 'image.changed', change, mode: 'dry-run' };
  expect(events).toEqual([...Array<unknown>(told).fill(one), ...counted]);
});
