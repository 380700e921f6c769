import { decodeImage } from '../../src/cloudflare/decode.ts';
import type { Image } from '../../src/inventory/image.ts';
import { parseJson } from '../../src/inventory/json-text.ts';
import { END, FAILED, type OpenedStore } from './opened-store.ts';
import { pageOf } from './page.ts';
import type { Random } from './random.ts';

/** Fields as JSON, that differ in the ways that matter: absent, null, empty, of another type, hostile, beyond 2^53. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  filename: ['null', '""', '"a.png"', '"a\\u0000b\\\\u0000\\ufdd0\\ufdd00.png"', '"\'\\"é😀"', '7'],
  creator: ['null', '""', '"ann"', '"bob"', '"null"'],
  meta: [
    ...['null', '{}', '{"n":1,"m":[1,null,{"x":"y z"}]}', '{"m":[1,null,{"x":"y z"}],"n":1}'],
    ...['{"big":12345678901234567890.10}', '{"t":"\\u0000\\"MATCH"}', '"null"', '[1]', '3'],
  ],
  requireSignedURLs: ['true', 'false', 'null'],
  uploaded: [
    '"2026-01-01T00:00:00.000Z"',
    '"2026-02-01T00:00:00.000Z"',
    '"2026-02"',
    '"no\\u0000"',
  ],
  variants: ['null', '[]', '["https://x.test/public"]', '["https://x.test/b","https://x.test/a"]'],
  draft: ['null', 'true', '{"deep":null}'],
};

/** The JSON of an image whose fields are chosen, each of which may be missing. */
export function randomImageText(random: Random, id: string): string {
  const members = Object.entries(FIELDS).flatMap(([name, values]) =>
    random.below(3) === 0 ? [] : `${JSON.stringify(name)}:${random.pick(values)}`,
  );
  return `{${[`"id":${JSON.stringify(id)}`, ...members].join(',')}}`;
}

/** As {@link randomImageText}, decoded. */
export function randomImage(random: Random, id: string): Image {
  return decodeImage(parseJson(randomImageText(random, id)));
}

/** An account that changes between its runs. */
export class RandomAccount {
  readonly #accountId: string;
  readonly #random: Random;
  readonly #images = new Map<string, Image>();

  constructor(accountId: string, random: Random) {
    this.#accountId = accountId;
    this.#random = random;
  }

  /** Some images come, change, go and come back. */
  change(): void {
    for (let count = this.#random.below(6); count >= 0; count -= 1) {
      const id = `image/${this.#random.below(12)}`;
      if (this.#random.below(3) === 0) this.#images.delete(id);
      else this.#images.set(id, randomImage(this.#random, id));
    }
  }

  /** One run, of any kind and outcome. @returns Its id if readers see what it found. */
  run({ begin }: OpenedStore): number | undefined {
    const { mode, ends } = this.#random.pick([
      ...Array.from({ length: 4 }, () => ({ mode: 'full', ends: 'well' }) as const),
      { mode: 'quick', ends: 'well' },
      { mode: 'dry-run', ends: 'well' },
      { mode: 'full', ends: 'badly' },
    ] as const);
    const stage = begin({
      accountId: this.#accountId,
      mode: mode === 'dry-run' ? 'dry-run' : mode,
    });
    const page = pageOf([...this.#images.values()]);
    if (mode === 'quick' && !stage.isBaseline) stage.addNew(page);
    else {
      stage.add(page);
      stage.condemnRest();
    }
    if (ends === 'badly') {
      stage.abandon(END, FAILED);
      return undefined;
    }
    if (mode === 'dry-run') {
      stage.rehearse(END, () => undefined);
      return undefined;
    }
    stage.publish(END);
    return stage.runId;
  }
}
