import type { Transform } from 'node:stream';
import { constants, createGzip, createZstdCompress } from 'node:zlib';

export type Compression = 'gzip' | 'zstd';

const CHUNK_BYTES = 64 * 1024;

/** A stream that compresses what is written to it. The same bytes always give the same ones. */
export function compress(compression: Compression): Transform {
  switch (compression) {
    case 'gzip':
      return createGzip({ chunkSize: CHUNK_BYTES });
    case 'zstd':
      return createZstdCompress({
        chunkSize: CHUNK_BYTES,
        // As the zstd tool does: readers notice a damaged file.
        params: { [constants.ZSTD_c_checksumFlag]: 1 },
      });
  }
}
