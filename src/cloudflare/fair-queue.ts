import type { Queue, QueueAddOptions, RunFunction } from 'p-queue';

/** Where a request waits. */
export interface FairQueueOptions extends QueueAddOptions {
  /** Whose it is, by identity. */
  readonly lane: object;
}

type Lane = Map<string, RunFunction>;

/**
 * The waiting room of a p-queue in which lanes take turns: one start each, as long as something waits in
 * them. Whoever queues a hundred requests at once delays everybody else by one. Within a lane, the first to come is the
 * first to go.
 */
export class FairQueue implements Queue<RunFunction, FairQueueOptions> {
  /** Those that hold something, the next one to start first. */
  readonly #lanes = new Map<object, Lane>();
  size = 0;

  enqueue(run: RunFunction, { id, lane: key }: Partial<FairQueueOptions> = {}): void {
    if (id === undefined || key === undefined) throw new TypeError('a request needs id and lane');
    const lane = this.#lanes.get(key) ?? new Map<string, RunFunction>();
    this.#lanes.set(key, lane.set(id, run));
    this.size += 1;
  }

  dequeue(): RunFunction | undefined {
    for (const [key, lane] of this.#lanes) {
      for (const [id, run] of lane) {
        this.#take(key, lane, id);
        // The last of all lanes from now on.
        if (this.#lanes.delete(key)) this.#lanes.set(key, lane);
        return run;
      }
    }
    return undefined;
  }

  /** Takes out a request that is not wanted any more. */
  remove(id: string): void {
    for (const [key, lane] of this.#lanes) if (lane.has(id)) this.#take(key, lane, id);
  }

  /** What waits in one lane. */
  filter({ lane: key }: Readonly<Partial<FairQueueOptions>>): RunFunction[] {
    const lane = key && this.#lanes.get(key);
    return lane === undefined ? [] : [...lane.values()];
  }

  setPriority(): never {
    throw new TypeError('lanes take turns: nothing goes before its turn');
  }

  #take(key: object, lane: Lane, id: string): void {
    lane.delete(id);
    if (lane.size === 0) this.#lanes.delete(key);
    this.size -= 1;
  }
}
