import type { Database } from 'better-sqlite3';
import type { ContentSum } from '../inventory/content.ts';
import type { Resumed, RunStart } from '../sync/ports/stage.ts';
import type { StoredAccount } from './accounts.ts';
import type { Ledger, Published } from './ledger.ts';
import type { Progress } from './progress.ts';
import type { RowIds } from './row-ids.ts';
import type { RowSet } from './row-set.ts';

/** What a run's stage is made of. */
export interface StageOptions {
  readonly database: Database;
  readonly path: string;
  readonly ledger: Ledger;
  readonly rowIds: RowIds;
  readonly progress: Progress;
  readonly account: StoredAccount;
  readonly runId: number;
  /** The first row id of this run's own rows. */
  readonly firstRow: number;
  readonly start: RunStart;
  /** What readers see now. */
  readonly published: Published | undefined;
  readonly staged: StagedSoFar;
  /** Throws unless readers open this file. */
  readonly assertInPlace: () => void;
  /** Whether no other run is under way. */
  readonly isAlone: () => boolean;
  /** Called when the run has ended, even if its end could not be written. */
  readonly onEnd: () => void;
}

/** What an interrupted run staged; nothing, if there is none to go on with. */
export interface StagedSoFar {
  readonly resumed: Resumed | undefined;
  readonly seen: RowSet;
  /** Of the run's own rows. */
  readonly content: ContentSum;
  readonly epoch: number;
  readonly sequence: number;
}
