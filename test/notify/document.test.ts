import { randomUUID } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../src/inventory/credentials.ts';
import { noticeBody } from '../../src/notify/notice.ts';
import { createSigner } from '../../src/notify/signature.ts';
import { temporaryFolder } from '../support/folder.ts';
import { changed, SECRET } from './sending.ts';

const text = readFileSync(new URL('../../docs/webhook.md', import.meta.url), 'utf8');
const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Runs a receiver of docs/webhook.md as a process of its own. @returns Its port, and the lines that it prints. */
async function start(
  language: string,
  command: string,
  file: string,
  secret: string,
): Promise<{ readonly url: string; readonly nextLine: () => Promise<string> }> {
  const code = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(text)?.[1] ?? '';
  const path = join(temporaryFolder(), file);
  writeFileSync(path, code);
  const env = { ...process.env, PORT: '0', IMAGE_INVENTORY_WEBHOOK_SECRET: secret };
  const child = spawn(command, [path], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => (await lines.next()).value ?? 'nothing more';
  const port = (await nextLine()).replace('listening ', '');
  return { url: `http://127.0.0.1:${port}/`, nextLine };
}

const receivers = [
  { language: 'js', command: process.execPath, file: 'receiver.mjs', isHere: true },
  { language: 'python', command: 'python3', file: 'receiver.py', isHere: hasPython },
];

/** Posts a notice as {@link createSigner} signs it. @returns The status of the answer. */
async function post(
  url: string,
  secret: string,
  runId: number,
  { id = randomUUID(), at = Date.now() }: { id?: string; at?: number } = {},
): Promise<number> {
  const body = noticeBody(id, changed(runId));
  const headers = { ...createSigner(new Secret(secret))(id, body, at) };
  const { status } = await fetch(url, { method: 'POST', headers, body });
  return status;
}

describe.for(receivers)('the receiver in $language', ({ language, command, file, isHere }) => {
  test.runIf(isHere).for([SECRET, 'a-secret-that-is-not-base64'])(
    'takes what was signed with %s, and each notice once',
    async (secret) => {
      const { url, nextLine } = await start(language, command, file, secret);
      const id = randomUUID();
      const at = Date.now() - 240_000;
      expect(await post(url, secret, 1, { id, at })).toBe(204);
      expect(await post(url, secret, 1, { id })).toBe(204);
      expect(await post(url, secret, 2)).toBe(204);
      expect([await nextLine(), await nextLine()]).toEqual(['changed 1', 'changed 2']);
    },
  );

  test.runIf(isHere)(
    'refuses what another secret signed, what is old and what is early',
    async () => {
      const { url } = await start(language, command, file, SECRET);
      expect(await post(url, 'whsec_AAAA', 1)).toBe(401);
      for (const off of [-310_000, 310_000]) {
        expect(await post(url, SECRET, 1, { at: Date.now() + off })).toBe(401);
      }
      expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401);
      expect(await post(url, SECRET, 1)).toBe(204);
    },
  );
});
