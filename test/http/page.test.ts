import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { html, Html } from '../../src/http/html.ts';
import { renderPage } from '../../src/http/page.ts';
import type { AccountView, FailureStreak, RunView } from '../../src/http/view.ts';
import { daemonView, NOW, serve } from './served.ts';

const HOUR = 3_600_000;
const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\u202egnp.exe\u0000\n\u001b[2J`;
const COUNTS = { listed: 7, added: 1234, changed: 2, removed: 3, restored: 4, unchanged: 5 };

function runView(run: Partial<RunView> = {}): RunView {
  return {
    ...{ runId: 42, mode: 'full', status: 'complete', counts: COUNTS, errorMessage: undefined },
    ...{ startedAt: NOW - HOUR - 90_000, finishedAt: NOW - HOUR, ...run },
  };
}

function streak(failures: Partial<FailureStreak> = {}): FailureStreak {
  return {
    ...{ mode: 'full', count: 1, since: NOW - HOUR, message: 'no luck', hint: undefined },
    ...{ isHeld: false, ...failures },
  };
}

/** The page's text as somebody reads it, its white space collapsed. */
function read(view: Partial<AccountView>): string {
  const body = /<body>.*<\/body>/s.exec(renderPage(daemonView(view), NOW))?.[0] ?? '';
  const text = body.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  return text.replaceAll('&lt;', '<').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}

describe('the page', () => {
  test('tells of an account what a person wants to know', () => {
    const text = read({
      name: 'production',
      lastRuns: [runView(), runView({ runId: 41, status: 'failed', errorMessage: 'no luck' })],
      lastChanges: [
        { at: NOW - HOUR, kind: 'changed', imageId: 'a/b', fields: ['meta', 'creator'] },
        { at: NOW - HOUR, kind: 'added', imageId: 'new', fields: ['filename'] },
      ],
    });
    expect(text).toContain('production acc ok');
    expect(text).toContain('Images 12,345 Removed 6');
    expect(text).toContain('Last complete full run 1 h ago 2026-11-22 12:00:00 UTC');
    expect(text).toContain('Next run full, in 1 min 2026-11-22 13:01:00 UTC');
    expect(text).toContain('42 full complete 2026-11-22 11:58:30 UTC 1 min 30 s 7 1,234 2 3 4');
    expect(text).toContain('41 full failed: no luck');
    expect(text).toContain('2026-11-22 12:00:00 UTC changed a/b meta, creator');
    // The columns of an image that is new say nothing.
    expect(text).not.toContain('filename');
    expect(text).toContain('Version 1.2.3, running for 5 h');
  });

  test.for([
    ['ok', {}],
    ['running', { isRunning: true }],
    ['failing', { failing: [streak()] }],
    ['held', { failing: [streak({ isHeld: true })] }],
    ['held', { failing: [streak(), streak({ mode: 'quick', isHeld: true })] }],
    ['not read yet', { lastCompleteAt: undefined, readyUntil: undefined }],
    ['out of date', { readyUntil: NOW - 1 }],
  ] as const)('calls an account %s', ([word, view]) => {
    expect(read(view)).toContain(`Account acc ${word}`);
  });

  test('says why an account is not as it should be', () => {
    const failing = [
      streak({ count: 3, since: NOW - 2 * HOUR, hint: 'Wish for more.' }),
      streak({ mode: 'quick' }),
    ];
    const text = read({ failing, readyUntil: NOW - 1, nextRun: undefined });
    expect(text).toContain(
      '3 full runs in a row failed, since 2026-11-22 11:00:00 UTC (2 h ago): no luck Wish for more.',
    );
    expect(text).toContain('1 quick run failed, since 2026-11-22 12:00:00 UTC (1 h ago): no luck');
    expect(text).toContain('Not ready: the last complete full run ended 1 h ago');
    expect(text).toContain('Next run none');
    const held = streak({ isHeld: true, message: 'too much', hint: 'Decide.' });
    expect(read({ failing: [held] })).toMatch(
      /1 full run did not complete, since .*: too much Decide\./,
    );
    expect(read({ isRunning: true, nextRun: undefined })).toContain('Next run running now');
  });

  test('says so when there is nothing to show yet', () => {
    const text = read({ lastCompleteAt: undefined, readyUntil: undefined });
    expect(text).toContain('Last complete full run never');
    expect(text).toContain('Last runs: none.');
    expect(text).toContain('Last changes: none.');
  });

  test('needs only links within the server, no script, and one style that its policy allows', async () => {
    const { url } = await serve();
    const answer = await fetch(url);
    const page = await answer.text();
    expect([...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link]) => link)).toEqual([
      '/metrics',
      '/readyz',
      '/livez',
    ]);
    expect(page).not.toMatch(/<script|<link|\son\w+=|style=|url\(|@import/i);
    const styles = [...page.matchAll(/<style>(.*?)<\/style>/gs)].map(([, style = '']) => style);
    const hashes = styles.map((style) => createHash('sha256').update(style).digest('base64'));
    expect(hashes).toHaveLength(1);
    expect(answer.headers.get('content-security-policy')).toContain(
      `; style-src 'sha256-${hashes[0] ?? ''}';`,
    );
    expect(styles[0]).toContain('prefers-color-scheme: dark');
  });
});

describe('whatever others wrote is harmless', () => {
  const hostile: Partial<AccountView> = {
    accountId: HOSTILE,
    name: HOSTILE,
    failing: [streak({ mode: HOSTILE, message: HOSTILE, hint: HOSTILE })],
    nextRun: { mode: HOSTILE, at: NOW },
    lastRuns: [runView({ mode: HOSTILE, status: HOSTILE, errorMessage: HOSTILE })],
    lastChanges: [{ at: NOW, kind: 'changed', imageId: HOSTILE, fields: [HOSTILE] }],
  };

  test('wherever it stands', () => {
    const page = renderPage({ ...daemonView(hostile), version: HOSTILE }, NOW);
    const plain = renderPage(daemonView({ ...hostile, ...HARMLESS }), NOW);
    const tags = (text: string): string[] => text.match(/<[^>]*>/g) ?? [];
    expect(tags(page)).toEqual(tags(plain));
    expect(page.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt;/g)?.length).toBe(12);
    expect(page).toContain('&amp;amp;\\u202egnp.exe\\u0000\\u000a\\u001b[2J');
    expect(page).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  test('and however long it is', () => {
    const imageId = `${'<'.repeat(512)}${'🖼'.repeat(512)}`;
    const view = { lastChanges: [{ at: NOW, kind: 'added', imageId, fields: [] } as const] };
    const text = read({ ...view, lastRuns: [runView({ errorMessage: 'é'.repeat(100_000) })] });
    expect(text).toContain(` ${'<'.repeat(47)}…${'🖼'.repeat(16)} `);
    expect(text.length).toBeLessThan(2000);
  });

  test('an id with half a character, which UTF-8 cannot hold, as well', () => {
    expect(html`<p>${'a\ud800b'}</p>`.toString()).toBe('<p>a\ufffdb</p>');
  });
});

const HARMLESS: Partial<AccountView> = {
  accountId: 'a',
  name: 'a',
  failing: [streak({ mode: 'a', message: 'a', hint: 'a' })],
  nextRun: { mode: 'a', at: NOW },
  lastRuns: [runView({ mode: 'a', status: 'a', errorMessage: 'a' })],
  lastChanges: [{ at: NOW, kind: 'changed', imageId: 'a', fields: ['a'] }],
};

test('a template escapes texts, keeps what is HTML already, and leaves out what is not there', () => {
  const inner = html`<b>${'<'}</b>`;
  expect(html`${inner}${[inner, inner]}${undefined}${7}${`'"&>`}`.toString()).toBe(
    '<b>&lt;</b><b>&lt;</b><b>&lt;</b>7&#39;&quot;&amp;&gt;',
  );
  expect(Html.styleSheet('a > b {}').toString()).toBe('<style>a > b {}</style>');
});
