import { onTestFinished } from 'vitest';
import { ApiClient } from '../../src/cloudflare/client.ts';
import type { ListVersion } from '../../src/cloudflare/images-api.ts';
import { Pacer } from '../../src/cloudflare/pace.ts';
import { createSource, type SourceOptions } from '../../src/cloudflare/source.ts';
import { createTransport } from '../../src/cloudflare/transport.ts';
import type { Quirks } from '../../src/emulator/quirks.ts';
import { EMULATED_CREDENTIALS } from '../../src/emulator/defaults.ts';
import { Secret } from '../../src/inventory/credentials.ts';
import type { Limits } from '../../src/sync/ports/clock.ts';
import type { ListPage, ReadPage } from '../../src/sync/ports/pages.ts';
import type { Source } from '../../src/sync/ports/source.ts';
import { NO_MEMORY } from './memory.ts';
import { ImpatientClock } from './clock.ts';
import { PAGE_READER } from './page-reader.ts';
import { ACCOUNT, startEmulator, type StartedEmulator } from './emulator.ts';

/** A real source of an emulated account, over real HTTP; only the waiting is left out. */
export interface OpenedSource extends StartedEmulator {
  readonly source: Source;
  /** Reads the list to its end. */
  readonly read: (options?: ReadOptions) => Promise<readonly ListPage[]>;
}

export interface ReadOptions {
  readonly expected?: number;
  readonly read?: readonly ReadPage[];
  /** Told of each page, before the next one is waited for. */
  readonly onPage?: (page: ListPage) => void;
  readonly signal?: AbortSignal;
}

type Options = Partial<Pick<SourceOptions, 'perPage' | 'creators' | 'concurrency'>> & {
  readonly images?: number;
  readonly drafts?: number;
  readonly isEnabled?: boolean;
  readonly quirks?: Partial<Quirks>;
};

export function limitsOf(signal = new AbortController().signal): Limits {
  return { signal, deadlineAt: Infinity };
}

/** Opens a source of 25 images in pages of 10, unless told otherwise, until the test ends. */
export async function openSource(
  version: ListVersion,
  options: Options = {},
): Promise<OpenedSource> {
  const { images = 25, drafts = 0, isEnabled = true, quirks = {}, ...rest } = options;
  const served = await startEmulator({ images, drafts, isEnabled }, { quirks });
  const { perPage = 10, creators, concurrency = 3 } = rest;
  const clock = new ImpatientClock();
  const pacer = new Pacer({ concurrency, requests: 1_000_000, intervalMs: 1000 }, clock);
  const transport = createTransport({
    baseUrl: served.baseUrl,
    credentials: { kind: 'token', token: new Secret(EMULATED_CREDENTIALS.token) },
    userAgent: 'test',
    connections: concurrency,
    timeoutMs: 10_000,
    maxBytes: 10_000_000,
  });
  onTestFinished(async () => {
    pacer.close();
    await transport.close();
    await served.emulator.close();
  });
  const emit = (): undefined => undefined;
  const lane = pacer.open(emit);
  const client = new ApiClient({ transport, lane, clock, emit, maxRetries: 2, random: () => 1 });
  const source = createSource({
    client,
    accountId: ACCOUNT,
    version,
    perPage,
    creators,
    concurrency,
    reader: PAGE_READER,
  });

  const read: OpenedSource['read'] = async ({ expected, read = [], onPage, signal } = {}) => {
    const pages: ListPage[] = [];
    for await (const page of source.list(expected, limitsOf(signal), read, NO_MEMORY)) {
      pages.push(page);
      onPage?.(page);
    }
    return pages;
  };
  return { ...served, source, read };
}

/** The ids on pages, in the order of their arrival. */
export function idsOn(pages: readonly ListPage[]): string[] {
  return pages.flatMap(({ images }) => images.map(({ id }) => id));
}
