import type { Database } from 'better-sqlite3';
import type { Check } from './check.ts';
import { SCOPE, type Scope } from './scope.ts';

const isNoTime = (column: string): string =>
  `${column} IS NOT strftime('%Y-%m-%dT%H:%M:%fZ', ${column})`;

/** What no run's row may say, whatever else it says. */
const IMPOSSIBLE: readonly (readonly [problem: string, condition: string])[] = [
  ['has a start that is no time', isNoTime('r.started_at')],
  ['has an end that is no time', `r.finished_at IS NOT NULL AND ${isNoTime('r.finished_at')}`],
  ['has ended, but not at any time', `r.status <> 'running' AND r.finished_at IS NULL`],
  ['is complete, yet has an error', `r.status = 'complete' AND r.error_code IS NOT NULL`],
  [
    'did not complete, yet has no error',
    `r.status NOT IN ('running', 'complete') AND r.error_code IS NULL`,
  ],
  [
    'asked the API less often than never',
    'r.requests < 0 OR r.retries < 0 OR r.retries > r.requests',
  ],
  ['is quick, yet changed or removed images', `r.mode = 'quick' AND r.changed + r.removed > 0`],
  ['is quick, yet went on behind another run', `r.mode = 'quick' AND r.resumed_run IS NOT NULL`],
  ['went on behind a run that is not before it', 'r.resumed_run >= r.run_id'],
  [
    'is limited to creators that are no list',
    `r.creators IS NOT NULL AND NOT (json_valid(r.creators) AND json_type(r.creators) = 'array')`,
  ],
];

/** Checks what can be said of a run by itself. */
export function checkRunRows(database: Database, { ids }: Scope, check: Check): void {
  for (const [problem, condition] of IMPOSSIBLE) {
    const rows = database.prepare<[string], { accountId: string; runId: number }>(
      `${SCOPE} SELECT r.account_id AS accountId, r.run_id AS runId
       FROM runs AS r JOIN scope USING (account_id) WHERE ${condition}`,
    );
    for (const where of rows.iterate(ids)) check.find(problem, where);
  }
}
