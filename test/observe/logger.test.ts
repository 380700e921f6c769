import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/observe/logger.ts';
import { logEvent } from '../../src/observe/log-events.ts';
import type { RunEvent } from '../../src/sync/events.ts';
import { recordLog } from '../support/log.ts';

const LABELS = { account_id: 'acc', run_id: 7 };
/** What a terminal obeys, but for the line's end. */

const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const HOSTILE = 'a\u001b[2J\u009b31m\u202egnp\nnext';

const hostileChange: RunEvent = {
  type: 'image.changed',
  mode: 'full',
  change: {
    imageId: HOSTILE,
    kind: 'changed',
    diff: JSON.stringify({ filename: [HOSTILE, null], meta: [{ [HOSTILE]: 1 }, null] }),
  },
};

function writtenBy(isTTY: boolean, event: RunEvent, showsAccount = false): string {
  let written = '';
  const stream = Object.assign(
    new Writable({
      decodeStrings: false,
      write: (text: string, _encoding, done) => {
        written += text;
        done();
      },
    }),
    { isTTY },
  );
  const logger = createLogger('info', { stream, color: false, showsAccount });
  logEvent(logger, LABELS, event);
  return written;
}

describe('what the API says cannot harm whoever reads the log', () => {
  test('NDJSON: no character that a terminal obeys, and the same data', () => {
    const written = writtenBy(false, hostileChange);
    expect(written).not.toMatch(OBEYED);
    expect(written.split('\n')).toHaveLength(2);
    expect(JSON.parse(written)).toMatchObject({
      image_id: HOSTILE,
      changes: { filename: { before: HOSTILE, after: null } },
    });
  });

  test('on a terminal: one line, and none of it obeyed', () => {
    const written = writtenBy(true, hostileChange);
    expect(written).not.toMatch(OBEYED);
    expect(written.trim().split('\n')).toHaveLength(1);
    expect(written).toContain(String.raw`changed: a\u001b[2J`);
  });
});

describe('lines', () => {
  test('carry level, time, event, msg and the run', () => {
    const { logger, lines } = recordLog();
    logEvent(logger, LABELS, { type: 'sync.unlogged', count: 2, mode: 'full' });
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        event: 'sync.unlogged',
        account_id: 'acc',
        run_id: 7,
        count: 2,
        msg: '2 more changes, in the table "changes"',
      },
    ]);
  });

  test('on a terminal begin with the account where there are several', () => {
    const event: RunEvent = { type: 'sync.unlogged', count: 2, mode: 'full' };
    expect(writtenBy(true, event, true)).toContain('INFO: acc  2 more changes');
    expect(writtenBy(true, event)).toContain('INFO: 2 more changes');
  });

  test('keep numbers beyond 2^53 as they are', () => {
    const diff = '{"meta":[{"n":9007199254740993123},null]}';
    const change = { imageId: 'a', kind: 'changed', diff } as const;
    expect(writtenBy(false, { type: 'image.changed', mode: 'full', change })).toContain(
      '"changes":{"meta":{"before":{"n":9007199254740993123},"after":null}}',
    );
  });

  test('a request has none: its page, its retry or its failure says more', () => {
    expect(writtenBy(false, { type: 'request.finished', status: 200 })).toBe('');
  });

  test('a page is for the progress line on a terminal, and for programs otherwise', () => {
    const page: RunEvent = {
      type: 'sync.page',
      page: 1,
      images: 2,
      listed: 2,
      requestMs: 3,
      cfRay: 'r',
    };
    expect(writtenBy(true, page)).toBe('');
    expect(JSON.parse(writtenBy(false, page))).toMatchObject({
      page: 1,
      cf_ray: 'r',
      request_ms: 3,
    });
  });
});
