import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';

const DEMO = fileURLToPath(new URL('../../demo/demo.ts', import.meta.url));

test('the demo runs from snapshot to queries, needs no configuration, and leaves its file behind', async () => {
  const folder = temporaryFolder();
  const env = { PATH: process.env['PATH'] };
  const { stdout, stderr } = await promisify(execFile)(execPath, [DEMO], { cwd: folder, env });
  expect(stderr).toBe('');
  expect(stdout).toContain('5,000 images: baseline (7 requests');
  expect(stdout).toContain('4,999 images: 3 added, 3 changed, 4 removed (11 requests');
  expect(stdout.match(/^-- /gm)).toHaveLength(3);
  expect(stdout).toContain('spring-sale.jpg');
  expect(existsSync(join(folder, 'data', 'demo.db'))).toBe(true);
});
