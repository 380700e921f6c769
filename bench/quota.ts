/**
 * How well the program uses a quota: an account of many small pages behind a limit of requests in an interval, alone, and
 * with a second client that takes half of it. Takes several minutes, since it is real time that passes.
 *
 *     npm run bench:quota -- [--pages 600] [--requests 120] [--interval 30] [--dist] [--json FILE]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatTable } from '../src/cli/table.ts';
import type { ListAddress } from './floors/pages.ts';
import { measureNode } from './measure.ts';
import { startNeighbour, type Sent } from './neighbour.ts';
import { mainFile, runSync } from './program.ts';
import { startServer, type ServerProcess } from './server-process.ts';
import { verifyLedger } from './verify-ledger.ts';
import { verifyImages } from './verify-output.ts';

const { values: options } = parseArgs({
  options: {
    pages: { type: 'string', default: '600' },
    requests: { type: 'string', default: '120' },
    interval: { type: 'string', default: '30' },
    dist: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const PER_PAGE = 10;
const SEED = 1;
const images = Number(options.pages) * PER_PAGE;
const quota = { requests: Number(options.requests), intervalMs: Number(options.interval) * 1000 };
const main = mainFile(options.dist);
const FLOOR = fileURLToPath(new URL('floors/fetch.ts', import.meta.url));

/** What became of one case. */
interface Outcome {
  readonly what: string;
  readonly seconds: number;
  readonly leastSeconds: number;
  /** Of the program. */
  readonly requests: number;
  readonly refused: number;
  /** What the second client sent, and how much of that was refused. */
  readonly neighbour: Sent;
}

const outcomes = [await measureCase('alone', 0), await measureCase('beside a second client', 0.5)];
const header = [
  ...['WHAT', 'WALL S', 'LEAST S', 'RATIO', 'REQUESTS', '429', '429 %'],
  ...['THE OTHER', '429'],
];
const lines = outcomes.map(({ what, seconds, leastSeconds, requests, refused, neighbour }) => [
  ...[what, seconds.toFixed(1), leastSeconds.toFixed(1), (seconds / leastSeconds).toFixed(3)],
  ...[String(requests), String(refused), ((100 * refused) / requests).toFixed(2)],
  ...[String(neighbour.requests), String(neighbour.refused)],
]);
const right = header.slice(1).map(() => 'right' as const);
stdout.write(`${formatTable([header, ...lines], ['left', ...right])}\n`);
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify({ pages: images / PER_PAGE, quota, outcomes })}\n`);
}

/** A first sync through the quota. @param share - Of it, what a second client takes, spread evenly. */
async function measureCase(what: string, share: number): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-quota-'));
  try {
    using server = await startServer(images, SEED, quota);
    const neighbour =
      share === 0
        ? undefined
        : startNeighbour(
            `${server.baseUrl}/accounts/${server.accountId}/images/v1/stats`,
            server.token,
            quota.intervalMs / (quota.requests * share),
          );
    const database = join(folder, 'program.db');
    const { seconds } = await runSync(main, addressOf(server), database, folder, {
      IMAGE_INVENTORY_RATE_REQUESTS: String(quota.requests),
      IMAGE_INVENTORY_RATE_INTERVAL: String(quota.intervalMs / 1000),
    });
    const sent = (await neighbour?.stop()) ?? { requests: 0, refused: 0 };
    const served = await server.takeServed();
    verifyLedger(database, { images, seed: SEED }, 'first');
    verifyImages(database, { images, seed: SEED }, 'exact');
    const requests = served.requests - sent.requests;
    const refused = served.refused - sent.refused;
    const leastSeconds = await least(requests - refused, share, folder);
    return { what, seconds, leastSeconds, requests, refused, neighbour: sent };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The least that so many requests can take, in seconds: those beyond the first window's wait for as many whole intervals as
 * windows were full before them, and the list takes what its bare fetching takes without a quota.
 */
async function least(requests: number, share: number, folder: string): Promise<number> {
  const intervals = Math.floor((requests - 1) / (quota.requests * (1 - share)));
  using server = await startServer(images, SEED);
  const env = { BENCH_LIST: JSON.stringify(addressOf(server)) };
  const { seconds } = await measureNode([FLOOR], env, folder);
  return (intervals * quota.intervalMs) / 1000 + seconds;
}

function addressOf({ baseUrl, token, accountId }: ServerProcess): ListAddress {
  const pages = images / PER_PAGE;
  return { baseUrl, token, accountId, pages, perPage: PER_PAGE, concurrency: 4 };
}
