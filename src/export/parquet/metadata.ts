/** An account in an export, and the run as of which its images are in it. */
export interface ExportedAccount {
  readonly accountId: string;
  readonly runId: number;
  /** ISO 8601. */
  readonly finishedAt: string;
  readonly contentHash: string | null;
}

/** What was asked for. */
export interface Asked {
  readonly isRemoved: boolean;
  readonly columns: readonly string[] | undefined;
  readonly where: string | undefined;
}

/** What a Parquet file says of where its rows are from: keys with text, JSON where there is more than a word. */
export function parquetMetadata(
  accounts: readonly ExportedAccount[],
  { isRemoved, columns, where }: Asked,
): Readonly<Record<string, string>> {
  const runs = accounts.map(({ accountId, runId, finishedAt, contentHash }) => ({
    account_id: accountId,
    run_id: runId,
    finished_at: finishedAt,
    content_hash: contentHash,
  }));
  return {
    'image_inventory.accounts': JSON.stringify(runs),
    'image_inventory.images': isRemoved ? 'removed' : 'present',
    ...(columns !== undefined && { 'image_inventory.columns': JSON.stringify(columns) }),
    ...(where !== undefined && { 'image_inventory.where': where }),
  };
}
