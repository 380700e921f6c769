import { resolve } from 'node:path';
import { loadConfig, type Flags } from '../config/load.ts';
import { printable } from '../inventory/printable.ts';
import { formatCount, formatNumber } from '../inventory/quantity.ts';
import type { CheckResult, Finding } from '../store/verify/check.ts';
import { verifyInventory, type Verification } from '../store/verify/verify.ts';
import { EXIT } from './exit-codes.ts';
import { printJson, printResult } from './streams.ts';
import { formatTable } from './table.ts';

export interface VerifyCommandOptions {
  readonly json?: boolean;
}

/** `verify`: proves that the database is sound and agrees with its own ledger of runs. */
export function verifyCommand(flags: Flags, options: VerifyCommandOptions): number {
  const { settings, accountIds } = loadConfig(flags);
  // Unlike a run, a proof needs no credentials: it is of all that the database holds.
  const chosen = flags.account === undefined ? undefined : accountIds;
  const verification = verifyInventory(settings.database, chosen);
  if (options.json === true) printJson(toJson(settings.database, verification));
  else printResult(toText(verification));
  return verification.checks.every(isSound) ? EXIT.done : EXIT.damaged;
}

function isSound({ findings }: CheckResult): boolean {
  return findings.length === 0;
}

function toText({ checks, accounts }: Verification): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap((check) => {
    const { name, checked, findings, unlisted } = check;
    const mark = isSound(check) ? '✔' : '✖';
    const more = unlisted === 0 ? [] : [`and ${formatNumber(unlisted)} more`];
    return [
      `${mark} ${name.padEnd(width)}  ${printable(checked)}`.trimEnd(),
      ...[...findings.map(describe), ...more].map((line) => `  ${' '.repeat(width)}  → ${line}`),
    ];
  });
  const rows = accounts.map(({ accountId, runId, images, contentHash }) => [
    printable(accountId),
    runId === undefined ? 'no complete run' : `run ${runId}`,
    formatCount(images, 'image'),
    contentHash.slice(0, 16),
  ]);
  return [...lines, formatTable(rows, ['left', 'right', 'right'])].join('\n').trimEnd();
}

function describe({ problem, accountId, runId, imageId }: Finding): string {
  const where = [
    accountId === undefined ? [] : `account ${accountId}`,
    runId === undefined ? [] : `run ${runId}`,
    imageId === undefined ? [] : `image ${imageId}`,
  ].flat();
  return printable(where.length === 0 ? problem : `${where.join(', ')}: ${problem}`);
}

function toJson(database: string, { checks, accounts }: Verification): unknown {
  return {
    ok: checks.every(isSound),
    database: resolve(database),
    checks: checks.map((check) => ({
      name: check.name,
      ok: isSound(check),
      checked: check.checked,
      findings: check.findings.map(({ problem, accountId, runId, imageId }) => ({
        account_id: accountId ?? null,
        run_id: runId ?? null,
        image_id: imageId ?? null,
        problem,
      })),
      unlisted: check.unlisted,
    })),
    accounts: accounts.map(({ accountId, runId, forgottenRun, images, contentHash }) => ({
      account_id: accountId,
      run_id: runId ?? null,
      forgotten_run: forgottenRun ?? null,
      images,
      content_hash: contentHash,
    })),
  };
}
