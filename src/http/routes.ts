import { PAGE_HEADERS, PLAIN_HEADERS } from './headers.ts';
import { onceASecond } from './memo.ts';
import { renderPage } from './page.ts';
import { readinessOf } from './readiness.ts';
import type { DaemonView } from './view.ts';

/** What the server tells, and from where it has it. */
export interface Sources {
  /** Whether the process does its work. Asked for every `/livez`, and for nothing else: a database at fault is no reason to be restarted. */
  readonly isAlive: () => boolean;
  readonly view: () => DaemonView;
  readonly metrics: { readonly contentType: string; readonly render: () => Promise<string> };
  readonly clock: {
    /** Milliseconds since 1970. */
    readonly now: () => number;
    /** Milliseconds on a clock that nobody sets. */
    readonly elapsed: () => number;
  };
}

/** An answer, ready to be sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Encoded once, not for everybody who asks. */
  readonly body: Buffer;
}

/** Answers by path. What costs something is made at most once a second, however many ask. */
export type Routes = ReadonlyMap<string, () => Answer | Promise<Answer>>;

export function createRoutes({ isAlive, view, metrics, clock }: Sources): Routes {
  const now = (): number => clock.now();
  const kept = <T>(make: () => T): (() => T) => onceASecond(make, () => clock.elapsed());
  const seen = kept(view);
  const page = kept(() => ({
    status: 200,
    headers: { ...PAGE_HEADERS, 'Content-Type': 'text/html; charset=utf-8' },
    body: Buffer.from(renderPage(seen(), now())),
  }));
  const readiness = kept(() => {
    const verdict = readinessOf(seen(), now());
    return {
      status: verdict.ready ? 200 : 503,
      headers: { ...PLAIN_HEADERS, 'Content-Type': 'application/json' },
      body: Buffer.from(`${JSON.stringify(verdict, undefined, 2)}\n`),
    };
  });
  const figures = kept(async () => ({
    status: 200,
    headers: { ...PLAIN_HEADERS, 'Content-Type': metrics.contentType },
    body: Buffer.from(await metrics.render()),
  }));
  return new Map<string, () => Answer | Promise<Answer>>([
    ['/', page],
    ['/livez', () => (isAlive() ? plainAnswer(200, 'ok') : plainAnswer(503, 'not alive'))],
    ['/readyz', readiness],
    ['/metrics', figures],
  ]);
}

/** One line of text. */
export function plainAnswer(status: number, line: string, headers: Answer['headers'] = {}): Answer {
  const type = { 'Content-Type': 'text/plain; charset=utf-8' };
  return {
    status,
    headers: { ...PLAIN_HEADERS, ...type, ...headers },
    body: Buffer.from(`${line}\n`),
  };
}
