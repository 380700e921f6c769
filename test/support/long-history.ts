import type { Image } from '../../src/inventory/image.ts';
import { DAY_MS, FIRST_DAY } from './days.ts';
import type { OpenedStore } from './opened-store.ts';
import { END, FAILED, imageOf } from './opened-store.ts';
import { pageOf } from './page.ts';
import { seededRandom } from './random.ts';

/** What becomes of an account's images on one day. */
type Turn = (images: Map<string, Image>) => void;

/** One run at noon of a day, of all images that are there; what is missing is gone. */
export function runOn(
  { begin }: OpenedStore,
  day: number,
  images: Iterable<Image>,
  accountId = 'acc',
): void {
  const at = FIRST_DAY + (day + 0.5) * DAY_MS;
  const stage = begin({ accountId, startedAt: at, mayResume: false });
  stage.add(pageOf([...images]));
  for (const ids of [...stage.suspects()]) for (const id of ids) stage.condemn(id);
  stage.publish({ ...END, finishedAt: at });
}

/** A run that failed in the morning. */
export function failOn({ begin }: OpenedStore, day: number, accountId = 'acc'): void {
  const at = FIRST_DAY + (day + 0.25) * DAY_MS;
  const stage = begin({ accountId, startedAt: at, mayResume: false });
  stage.add(pageOf([imageOf('of a run that failed')]));
  stage.abandon({ ...END, finishedAt: at }, FAILED);
}

/** Accounts that live for some days: uploads, changes, removals and returns, runs that fail and runs that find nothing new. */
export function writeLongHistory(
  store: OpenedStore,
  days: number,
  accounts: readonly string[] = ['acc', 'other'],
): void {
  const random = seededRandom(days);
  const turns: readonly Turn[] = [
    () => undefined,
    (images) => void images.delete(random.pick([...images.keys()])),
    (images) => {
      const id = random.pick([...images.keys()]);
      images.set(id, imageOf(id, `name ${random.below(1e9)}`));
    },
    (images) => {
      // Some of them were there before.
      const id = `late ${random.below(12)}`;
      images.set(id, imageOf(id, `name ${random.below(1e9)}`));
    },
  ];
  const living = accounts.map((accountId) => ({ accountId, images: firstImages(accountId) }));
  for (let day = 0; day < days; day += 1) {
    for (const { accountId, images } of living) {
      if (random.below(4) === 0) failOn(store, day, accountId);
      for (let turn = random.below(6); turn > 0; turn -= 1) random.pick(turns)(images);
      runOn(store, day, images.values(), accountId);
    }
  }
}

function firstImages(accountId: string): Map<string, Image> {
  const ids = Array.from({ length: 20 }, (_, index) => `${accountId}/${index}`);
  return new Map(ids.map((id) => [id, imageOf(id, `${id}.png`)]));
}
