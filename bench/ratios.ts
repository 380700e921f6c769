import type { ContenderName } from './contenders.ts';
import type { Measured, Run } from './measure-size.ts';

/** The runs of a contender as one row. */
export interface Row {
  readonly name: ContenderName;
  readonly images: number;
  /** Why there are no figures. */
  readonly skipped?: string;
  readonly best?: Best;
  readonly comparison?: Comparison;
}

/** Of several runs the fastest: what is slower is the machine's doing. The memory is the most of all runs. */
export interface Best extends Run {
  readonly imagesPerSecond: number;
  readonly cpuSecondsPerMillion: number | undefined;
}

/** How many times as long as another contender, or, for a peer, as the program. */
export interface Comparison {
  readonly to: ContenderName;
  readonly is: 'floor' | 'peer';
  readonly ratio: number;
}

const COMPARED: Partial<Record<ContenderName, Omit<Comparison, 'ratio'>>> = {
  'first sync': { is: 'floor', to: 'insert' },
  'unchanged resync': { is: 'floor', to: 'fetch' },
  'changed resync': { is: 'floor', to: 'parse' },
  'sdk first': { is: 'peer', to: 'first sync' },
  'sdk again': { is: 'peer', to: 'unchanged resync' },
  'sqlite3 shell': { is: 'peer', to: 'first sync' },
};

export function rowsOf(images: number, measured: readonly Measured[]): Row[] {
  const bests = new Map(
    measured.flatMap((each) =>
      'runs' in each ? [[each.name, best(images, each.runs)] as const] : [],
    ),
  );
  return measured.map((each) => {
    const { name } = each;
    if ('skipped' in each) return { name, images, skipped: each.skipped };
    const [own, compared] = [bests.get(name), COMPARED[name]];
    const other = compared && bests.get(compared.to);
    if (own === undefined) return { name, images };
    if (compared === undefined || other === undefined) return { name, images, best: own };
    const comparison = { ...compared, ratio: own.seconds / other.seconds };
    return { name, images, best: own, comparison };
  });
}

function best(images: number, runs: readonly Run[]): Best | undefined {
  const [fastest] = runs.toSorted((a, b) => a.seconds - b.seconds);
  if (fastest === undefined) return undefined;
  const { seconds, cpuSeconds } = fastest;
  const peaks = runs.flatMap(({ peakBytes }) => peakBytes ?? []);
  return {
    ...fastest,
    peakBytes: peaks.length === 0 ? undefined : Math.max(...peaks),
    imagesPerSecond: images / seconds,
    cpuSecondsPerMillion: cpuSeconds === undefined ? undefined : (cpuSeconds / images) * 1e6,
  };
}

/** How much more a contender costs in a large account than in a small one. */
export interface Growth {
  readonly name: ContenderName;
  readonly from: number;
  readonly to: number;
  /** Of the peak memory. */
  readonly memory: number;
  /** Of the processor time for one image. */
  readonly cpu: number;
}

const USUAL_BASE = 100_000;

/** The largest account against the one of 100,000 images; against the smallest if there is no such. */
export function growthOf(rows: readonly Row[]): Growth[] {
  const sizes = rows.map(({ images }) => images);
  const to = Math.max(...sizes);
  const from = sizes.includes(USUAL_BASE) ? USUAL_BASE : Math.min(...sizes);
  if (from >= to) return [];
  return rows
    .filter(({ images, comparison }) => images === to && comparison?.is === 'floor')
    .flatMap(({ name, best: large }) => {
      const small = rows.find((row) => row.name === name && row.images === from)?.best;
      const memory = ratio(large?.peakBytes, small?.peakBytes);
      const cpu = ratio(large?.cpuSecondsPerMillion, small?.cpuSecondsPerMillion);
      return memory === undefined || cpu === undefined ? [] : [{ name, from, to, memory, cpu }];
    });
}

function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b;
}
