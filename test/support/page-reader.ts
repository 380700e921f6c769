import { createPageDigest } from '../../src/cloudflare/page-digest.ts';
import { BufferPool } from '../../src/cloudflare/buffer-pool.ts';
import type { PageReader } from '../../src/cloudflare/page-content.ts';
import { splitHere } from '../../src/cloudflare/split-body.ts';
import { Secret } from '../../src/inventory/credentials.ts';

/** Looks into pages as the program does for somebody's credentials, without a thread. */
export const PAGE_READER: PageReader = {
  digest: createPageDigest({ kind: 'token', token: new Secret('of a test') }),
  splitter: splitHere,
  pool: new BufferPool(),
};
