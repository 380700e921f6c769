import { createHash } from 'node:crypto';

/** The page's one style sheet. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1c2024; --muted: #60646c; --line: #e0e1e6; --back: #f7f7f9; --card: #fff;
  --good: #18794e; --busy: #0b68cb; --bad: #ce2c31;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #edeef0; --muted: #a0a5ae; --line: #363a3f; --back: #111113; --card: #1a1c1f;
    --good: #3dd68c; --busy: #70b8ff; --bad: #ff9592;
  }
}
body {
  margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 70rem;
  background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif;
}
header, h2 { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 .75rem; margin: 0; }
h1 { margin: 0; font-size: 1.35rem; }
h2 { font-size: 1.1rem; }
p { margin: .25rem 0 0; }
a { color: var(--busy); }
code { font: .87em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; unicode-bidi: isolate; }
section { margin-top: 1.25rem; padding: 1.1rem 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
footer { margin-top: 1.25rem; color: var(--muted); }
.muted { color: var(--muted); font-weight: normal; }
.state { font-size: .87rem; font-weight: 600; white-space: nowrap; }
.state::before { content: "● "; }
.good { color: var(--good); }
.busy { color: var(--busy); }
.bad { color: var(--bad); }
.notice { overflow-wrap: anywhere; }
td.notice { min-width: 12rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem 1.5rem; margin: 1rem 0 0; }
dt { color: var(--muted); font-size: .87rem; }
dd { margin: 0; font-variant-numeric: tabular-nums; }
dd .muted { display: block; }
dd.large { font-size: 1.35rem; font-weight: 600; line-height: 1.3; }
.wide { overflow-x: auto; }
table { width: 100%; margin-top: 1rem; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { padding-bottom: .25rem; font-weight: 600; text-align: left; }
th, td { padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--muted); font-size: .87rem; font-weight: normal; white-space: nowrap; }
:last-child:is(th, td) { padding-right: 0; }
td code { display: block; min-width: 18rem; }
.number { text-align: right; white-space: nowrap; }
.time { white-space: nowrap; }
`;

/** The source that a Content-Security-Policy names to allow {@link STYLE}, and nothing else. */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;
