import { formatDuration } from '../inventory/duration.ts';
import { formatTime } from '../inventory/time-text.ts';
import { Html, html } from './html.ts';
import { accountSection } from './page-account.ts';
import { stateLabel } from './page-parts.ts';
import { readinessOf } from './readiness.ts';
import { STYLE } from './style.ts';
import type { DaemonView } from './view.ts';

/** The page for people, without any script. @param now - Milliseconds since 1970. */
export function renderPage(view: DaemonView, now: number): string {
  const { version, startedAt, accounts } = view;
  const { ready, reason } = readinessOf(view, now);
  const label = ready ? stateLabel('ready', 'good') : stateLabel('not ready', 'bad');
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>image-inventory</title>
        ${Html.styleSheet(STYLE)}
      </head>
      <body>
        <header>
          <h1>image-inventory</h1>
          ${label}
          <span class="muted">${reason}</span>
        </header>
        ${accounts.map((account) => accountSection(account, now))}
        <footer>
          <p>
            <a href="/metrics">/metrics</a> · <a href="/readyz">/readyz</a> ·
            <a href="/livez">/livez</a>
          </p>
          <p>
            Version ${version}, running for ${formatDuration(Math.max(0, now - startedAt))}. As of
            ${formatTime(now)}; reload for news.
          </p>
        </footer>
      </body>
    </html> `;
  return page.toString();
}
