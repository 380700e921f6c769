import { formatDuration } from '../inventory/duration.ts';
import { formatNumber } from '../inventory/quantity.ts';
import { shortened } from '../inventory/shortened.ts';
import { formatTime } from '../inventory/time-text.ts';
import { html, type Html } from './html.ts';
import { distance, stateLabel, table, type Column, type Tone } from './page-parts.ts';
import { accountReadiness } from './readiness.ts';
import type { AccountView, ChangeView, FailureStreak, RunView } from './view.ts';

/** An image id may have 1024 characters, a message as many as a server likes. */
const ID_LENGTH = 64;
const MESSAGE_LENGTH = 300;

const RUN_COLUMNS: readonly Column[] = [
  { name: 'Run', isNumber: true },
  { name: 'Mode' },
  { name: 'Result' },
  { name: 'Started' },
  { name: 'Took', isNumber: true },
  { name: 'Listed', isNumber: true },
  { name: 'Added', isNumber: true },
  { name: 'Changed', isNumber: true },
  { name: 'Removed', isNumber: true },
  { name: 'Restored', isNumber: true },
];
const CHANGE_COLUMNS: readonly Column[] = [
  { name: 'Time' },
  { name: 'What' },
  { name: 'Image' },
  { name: 'Fields' },
];

/** What the page says of one account. */
export function accountSection(account: AccountView, now: number): Html {
  const { accountId, name, images, removedImages, lastRuns, lastChanges } = account;
  return html`<section>
    <h2>${name ?? 'Account'} <code class="muted">${accountId}</code> ${stateOf(account, now)}</h2>
    ${notices(account, now)}
    <dl>
      <div>
        <dt>Images</dt>
        <dd class="large">${formatNumber(images)}</dd>
      </div>
      <div>
        <dt>Removed</dt>
        <dd class="large">${formatNumber(removedImages)}</dd>
      </div>
      <div>
        <dt>Last complete full run</dt>
        <dd>${moment(account.lastCompleteAt, now) ?? 'never'}</dd>
      </div>
      <div>
        <dt>Next run</dt>
        <dd>${nextRun(account, now)}</dd>
      </div>
    </dl>
    ${table('Last runs', RUN_COLUMNS, lastRuns.map(runRow))}
    ${table('Last changes', CHANGE_COLUMNS, lastChanges.map(changeRow))}
  </section>`;
}

function stateOf(account: AccountView, now: number): Html {
  const [word, tone] = wordAndTone(account, now);
  return stateLabel(word, tone);
}

function wordAndTone(account: AccountView, now: number): [word: string, tone: Tone] {
  if (account.isRunning) return ['running', 'busy'];
  if (account.failing.some(({ isHeld }) => isHeld)) return ['held', 'bad'];
  if (account.failing.length > 0) return ['failing', 'bad'];
  if (accountReadiness(account, now).ready) return ['ok', 'good'];
  return account.lastCompleteAt === undefined ? ['not read yet', 'bad'] : ['out of date', 'bad'];
}

/** Why an account is not as it should be. */
function notices(account: AccountView, now: number): Html[] {
  const { ready, reason } = accountReadiness(account, now);
  const told = account.failing.map((streak) => failureNotice(streak, now));
  if (!ready) told.push(html`<p class="notice">Not ready: ${reason}.</p>`);
  return told;
}

function failureNotice(streak: FailureStreak, now: number): Html {
  const { mode, count, since, message, hint, isHeld } = streak;
  const runs = count === 1 ? `1 ${mode} run` : `${formatNumber(count)} ${mode} runs in a row`;
  return html`<p class="notice bad">
    ${runs} ${isHeld ? 'did not complete' : 'failed'}, since ${formatTime(since)}
    (${distance(since, now)}): ${shortened(message, MESSAGE_LENGTH)} ${hint}
  </p>`;
}

function nextRun({ isRunning, nextRun: next }: AccountView, now: number): Html | string {
  if (next === undefined) return isRunning ? 'running now' : 'none';
  return html`${next.mode}, ${moment(next.at, now)}`;
}

function moment(at: number | undefined, now: number): Html | undefined {
  if (at === undefined) return undefined;
  return html`${distance(at, now)} <span class="muted">${formatTime(at)}</span>`;
}

function runRow(run: RunView): Html {
  const { runId, mode, status, startedAt, finishedAt, counts, errorMessage } = run;
  const took = finishedAt === undefined ? '' : formatDuration(Math.max(0, finishedAt - startedAt));
  const { listed, added, changed, removed, restored } = counts;
  const message = errorMessage === undefined ? '' : `: ${shortened(errorMessage, MESSAGE_LENGTH)}`;
  return html`<tr>
    <td class="number">${runId}</td>
    <td>${mode}</td>
    <td class="notice">${status}${message}</td>
    <td class="time">${formatTime(startedAt)}</td>
    <td class="number">${took}</td>
    ${[listed, added, changed, removed, restored].map(
      (count) => html`<td class="number">${formatNumber(count)}</td>`,
    )}
  </tr>`;
}

function changeRow({ at, kind, imageId, fields }: ChangeView): Html {
  return html`<tr>
    <td class="time">${formatTime(at)}</td>
    <td>${kind}</td>
    <td><code>${shortened(imageId, ID_LENGTH)}</code></td>
    <td>${kind === 'changed' ? fields.join(', ') : ''}</td>
  </tr>`;
}
