/** By what datasets are divided, in the order of their folders. */
export const PARTITION_COLUMNS = ['account_id', 'run'] as const;

/**
 * A folder as Hive names a partition's: `column=value`. What a path, or an engine that reads it, takes for something
 * else is percent-encoded, as Hive does, so that no value leads out of its folder.
 */
export function partitionFolder(column: string, value: string | number): string {
  const encoded = Array.from(String(value), (character) =>
    /[\w.-]/.test(character) ? character : percentEncoded(character),
  );
  return `${column}=${encoded.join('')}`;
}

function percentEncoded(character: string): string {
  return Array.from(
    Buffer.from(character),
    (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}
