/** A shared thing, held until its disposal. */
export interface Lease<T> extends AsyncDisposable {
  readonly value: T;
}

interface Entry<T> {
  readonly value: T;
  holders: number;
}

/**
 * Things that everybody with the same key shares. One that is no longer wanted is let go as soon as nobody holds it.
 */
export class Leases<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #letGo: (value: T) => Promise<void>;
  #isWanted: (key: string) => boolean = () => true;

  constructor(letGo: (value: T) => Promise<void>) {
    this.#letGo = letGo;
  }

  /** Takes hold of the thing of this key, which is made if it is not there. */
  hold(key: string, make: () => T): Lease<T> {
    const entry = this.#entries.get(key) ?? { value: make(), holders: 0 };
    this.#entries.set(key, entry);
    entry.holders += 1;
    let isHeld = true;
    const release = async (): Promise<void> => {
      if (!isHeld) return;
      isHeld = false;
      entry.holders -= 1;
      await this.#sweep();
    };
    return { value: entry.value, [Symbol.asyncDispose]: release };
  }

  /** All of them, held or not. */
  values(): readonly T[] {
    return [...this.#entries.values()].map(({ value }) => value);
  }

  /** From now on only these are kept while nobody holds them. Resolves when the others are gone. */
  async keepOnly(keys: ReadonlySet<string>): Promise<void> {
    this.#isWanted = (key) => keys.has(key);
    await this.#sweep();
  }

  /** Lets go of everything, held or not. */
  async close(): Promise<void> {
    const values = this.values();
    this.#entries.clear();
    await Promise.all(values.map((value) => this.#letGo(value)));
  }

  async #sweep(): Promise<void> {
    const idle = [...this.#entries].filter(
      ([key, { holders }]) => holders === 0 && !this.#isWanted(key),
    );
    for (const [key] of idle) this.#entries.delete(key);
    await Promise.all(idle.map(([, { value }]) => this.#letGo(value)));
  }
}
