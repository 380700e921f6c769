import { rmSync } from 'node:fs';
import { env } from 'node:process';
import { describe, expect, test } from 'vitest';
import { placeOf } from '../support/database-files.ts';
import { seededRandom, type Random } from '../support/random.ts';
import {
  keptIn,
  Lane,
  pagesAsked,
  requested,
  SCENARIOS,
  told,
  turn,
  wasKilled,
} from './scenario.ts';
import { countsBehind, faultsOf, leftoversOf, runsBehind, viewOf } from './views.ts';

/** How many processes are killed in all, and the seed of where and when. */
const KILLS = Number(env['CRASH_KILLS'] ?? 200);
const SEED = Number(env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const LANES = 2;

/** When a process is killed: at a named event, or so many turns of this process behind a request. */
type Moment =
  | { readonly event: string; readonly count: number }
  | { readonly request: number; readonly turns: number };

/** How often each event was chosen so far; scenarios share it, so that few kills reach every event. */
const chosen = new Map<string, number>();

describe(`a process that is killed (seed ${SEED})`, () => {
  const perScenario = Math.ceil(KILLS / SCENARIOS.length);
  test.for(SCENARIOS.map((scenario, index) => ({ ...scenario, index })))(
    '$name: the old snapshot is whole, and the next run makes of it what one alone would have',
    { timeout: 60_000 + perScenario * 5000 },
    async (scenario) => {
      const random = seededRandom(SEED + scenario.index);
      const lanes = await Promise.all(Array.from({ length: LANES }, () => Lane.prepare(scenario)));
      const { events, requestCount } = firstOf(lanes).reference;
      const moments = Array.from({ length: perScenario }, (_, index) =>
        index % 2 === 0 ? atAnEvent(events, random) : atRandom(requestCount, random),
      );
      await Promise.all(lanes.map((lane) => drain(lane, moments)));
    },
  );
});

function firstOf(lanes: readonly Lane[]): Lane {
  const [first] = lanes;
  if (first === undefined) throw new Error('no lane');
  return first;
}

/** One of the events that were chosen least. */
function atAnEvent(events: Readonly<Record<string, number>>, random: Random): Moment {
  const names = Object.keys(events);
  const times = (name: string): number => chosen.get(name) ?? 0;
  const least = Math.min(...names.map(times));
  const event = random.pick(names.filter((name) => times(name) === least));
  // Opening and closing write nothing that could be half of something.
  chosen.set(event, least + (/^lock|pragma|close/.test(event) ? 4 : 1));
  return { event, count: 1 + random.below(events[event] ?? 1) };
}

function atRandom(requests: number, random: Random): Moment {
  return { request: 1 + random.below(requests), turns: random.below(400) };
}

/** Takes moments until none is left. */
async function drain(lane: Lane, moments: Moment[]): Promise<void> {
  for (let moment = moments.shift(); moment !== undefined; moment = moments.shift()) {
    const isRealProcess = moments.length % 10 === 0;
    const what = `${lane.scenario.name}, killed at ${JSON.stringify(moment)}, seed ${SEED}`;
    const killed = moment;
    await told(what, () => tryKill(lane, killed, isRealProcess));
  }
}

async function tryKill(lane: Lane, moment: Moment, isRealProcess: boolean): Promise<void> {
  const { known, reference } = lane;
  const folder = lane.copy();
  const database = placeOf(folder);
  const earlier = runsBehind(database, known).length;
  await killAt(lane, folder, moment);

  const killed = runsBehind(database, known).slice(earlier).at(-1);
  const isPublished = killed?.status === 'complete';
  expect(viewOf(database, known)).toEqual(isPublished ? reference.view : lane.before);
  expect(faultsOf(database)).toEqual([]);
  expect(lane.shown.faultsOf(database)).toEqual([]);
  const kept = keptIn(folder);

  const requests = await (isRealProcess ? lane.syncProcess(folder) : lane.sync(folder));

  expect(viewOf(database, known)).toEqual(reference.view);
  expect(countsBehind(database, known)).toEqual(reference.counts);
  expect(faultsOf(database)).toEqual([]);
  expect(lane.shown.faultsOf(database)).toEqual([]);
  expect(leftoversOf(database)).toEqual([]);
  const runs = runsBehind(database, known);
  expect(runs.map(({ status }) => status)).toEqual([
    ...Array.from({ length: earlier }, () => 'interrupted'),
    ...(killed === undefined ? [] : [isPublished ? 'complete' : 'interrupted']),
    'complete',
  ]);

  const last = runs.at(-2);
  const isUsable = !isPublished && kept.pages.length > 0 && kept.runId === last?.run_id;
  expect(runs.at(-1)?.resumed_run).toBe(isUsable ? kept.runId : null);
  if (isUsable) expectNothingReadTwice(lane, kept.pages, requests);
  rmSync(folder, { recursive: true });
}

/** Of a list that stood still, only what was not read yet is asked for. */
function expectNothingReadTwice(
  { scenario, reference }: Lane,
  kept: readonly number[],
  requests: readonly string[],
): void {
  const asked = pagesAsked(requests);
  const all = pagesAsked(reference.requests);
  if (scenario.api === 'v1') {
    const isKept = (request: string): boolean =>
      kept.some((number) => request.includes(`?page=${number}&`));
    expect(asked.filter(isKept)).toEqual([]);
  }
  expect(asked.length).toBe(all.length - kept.length);
}

async function killAt(lane: Lane, folder: string, moment: Moment): Promise<void> {
  if ('event' in moment) {
    await lane.kill(folder, { CRASH_AT: `${moment.event}#${moment.count}` });
    return;
  }
  const { child, finished } = lane.start(folder);
  void requested(lane.served.emulator, moment.request)
    .then(() => turn(moment.turns))
    .then(() => child.kill('SIGKILL'));
  wasKilled(await finished);
}
