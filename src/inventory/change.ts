/** What happened to an image between one complete run and the next. */
export type ChangeKind = 'added' | 'changed' | 'removed' | 'restored';

/** One row of the `changes` table. */
export interface Change {
  readonly imageId: string;
  readonly kind: ChangeKind;
  /** JSON text, `{"column": [before, after]}` with only the columns that differ. */
  readonly diff: string;
}

/** What a run found, in images. `listed` counts distinct ids. */
export interface Counts {
  readonly listed: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly restored: number;
  readonly unchanged: number;
}
