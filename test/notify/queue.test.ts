import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { receive, silence, status, type Step } from './receiving.ts';
import { changed, EternalClock, send } from './sending.ts';

/** A step that answers when it is told to. */
function heldBack(): { readonly step: Step; readonly release: () => void } {
  const released = Promise.withResolvers<undefined>();
  return {
    step: (_request, response) => void released.promise.then(() => response.end()),
    release: () => released.resolve(undefined),
  };
}

describe('when more notices come than may wait', () => {
  test('the oldest that wait are dropped, and the one under way is not', async () => {
    const { step, release } = heldBack();
    const { url, posts, arrived } = await receive(step);
    const { delivery, events, settled } = send(url, { capacity: 3 });
    delivery.notify(changed(1));
    await arrived(1);
    for (const run of [2, 3, 4, 5, 6]) delivery.notify(changed(run));
    release();
    await settled(4);

    expect(posts.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject(
      [1, 4, 5, 6].map((run) => ({ run_id: run })),
    );
    const dropped = { type: 'webhook.dropped', reason: 'full', count: 1 };
    expect(events.slice(0, 2)).toEqual([
      { ...dropped, isFirst: true },
      { ...dropped, isFirst: false },
    ]);
  });

  test('a later overflow is a new one', async () => {
    const holds = [heldBack(), heldBack()];
    const steps = holds.flatMap(({ step }) => [step, status(200)]);
    const { url, arrived } = await receive(...steps);
    const { delivery, events, settled } = send(url, { capacity: 1 });
    for (const [index, { release }] of holds.entries()) {
      delivery.notify(changed(1));
      await arrived(index * 2 + 1);
      for (const run of [2, 3, 4]) delivery.notify(changed(run));
      release();
      await settled(index * 2 + 2);
      // The queue is empty a turn after its last notice has arrived.
      await setImmediate();
    }
    const drops = events.filter((event) => event.type === 'webhook.dropped');
    expect(drops.map(({ isFirst }) => isFirst)).toEqual([true, false, true, false]);
  });

  test('a thousand wait unless told otherwise', async () => {
    const { url, arrived } = await receive(silence);
    const { delivery, events } = send(url);
    delivery.notify(changed(1));
    await arrived(1);
    for (let run = 2; run <= 1001; run += 1) delivery.notify(changed(run));
    expect(events).toEqual([]);
    delivery.notify(changed(1002));
    expect(events).toMatchObject([{ type: 'webhook.dropped', reason: 'full' }]);
  });
});

describe('closing', () => {
  test('aborts the request under way, and tells how many notices were not delivered', async () => {
    const hungUp = Promise.withResolvers<undefined>();
    const { url, posts, arrived } = await receive((_request, response) => {
      response.on('close', () => hungUp.resolve(undefined));
    });
    const { delivery, events } = send(url);
    for (const run of [1, 2, 3]) delivery.notify(changed(run));
    await arrived(1);
    await delivery.close();
    await hungUp.promise;
    expect(posts).toHaveLength(1);
    expect(events).toEqual([
      { type: 'webhook.dropped', reason: 'closed', count: 3, isFirst: true },
    ]);
  });

  test('does not wait for the next attempt', async () => {
    const { url, posts } = await receive(status(503));
    const clock = new EternalClock();
    const { delivery, events } = send(url, { clock });
    delivery.notify(changed());
    await clock.waiting;
    await delivery.close();
    expect(posts).toHaveLength(1);
    expect(events).toMatchObject([{ type: 'webhook.retry' }, { reason: 'closed', count: 1 }]);
  });

  test('says nothing when everything was delivered, however often', async () => {
    const { url } = await receive();
    const { delivery, events, settled } = send(url);
    delivery.notify(changed());
    await settled(1);
    await delivery.close();
    await delivery.close();
    expect(events).toMatchObject([{ type: 'webhook.delivered' }]);
  });

  test('is for good: what comes later is neither sent nor told of', async () => {
    const { url, posts } = await receive();
    const { delivery, events } = send(url);
    await delivery.close();
    delivery.notify(changed());
    await delivery.close();
    expect({ posts, events }).toEqual({ posts: [], events: [] });
  });
});
