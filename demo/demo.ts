import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import process, { execPath, stdout } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { formatTable } from '../src/cli/table.ts';
import type { EmulatedAccount } from '../src/emulator/account.ts';
import { EMULATED_ACCOUNT, EMULATED_CREDENTIALS } from '../src/emulator/defaults.ts';
import { Emulator } from '../src/emulator/server.ts';
import { printable } from '../src/inventory/printable.ts';
import { createPrettyWriter } from '../src/observe/pretty.ts';

const ACCOUNT = EMULATED_ACCOUNT;
const IMAGES = 5000;
const DATABASE = 'data/demo.db';
const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

/** The questions that people ask first; the README explains the tables. */
const QUERIES = [
  {
    title: 'Who owns how many images?',
    sql: "SELECT coalesce(creator, '(nobody)') AS creator, count(*) AS images FROM images GROUP BY creator ORDER BY images DESC LIMIT 5",
  },
  {
    title: 'What was uploaded last?',
    sql: 'SELECT uploaded, filename, creator FROM images ORDER BY uploaded DESC LIMIT 4',
  },
  {
    title: 'What changed in the last run?',
    sql: 'SELECT kind, image_id, substr(diff, 1, 60) AS diff FROM changes WHERE run_id = (SELECT max(run_id) FROM runs) ORDER BY kind LIMIT 12',
  },
];

const emulator = new Emulator({ accounts: [{ id: ACCOUNT, images: IMAGES, seed: 7 }] });
const baseUrl = await emulator.listen();
for (const suffix of ['', '-wal', '-shm', '-lock']) rmSync(DATABASE + suffix, { force: true });

heading(`1. An account with ${IMAGES.toLocaleString('en-US')} images, emulated on this machine`);
say(baseUrl);
heading('2. The first snapshot');
await sync();
heading('3. The account changes: 3 uploads, 3 patches, 4 deletions');
change(emulator.account(ACCOUNT));
heading('4. The second snapshot finds the differences');
await sync();
heading(`5. The inventory is a SQLite file: ${DATABASE}`);
query();
heading('Go on');
say(`sqlite3 ${DATABASE}                      # ask it anything`);
say('npm start -- emulate                      # an account to play with');
say('npm start -- doctor                       # what a real account needs');
await emulator.close();

/** Runs the real program, as a process of its own. */
async function sync(): Promise<void> {
  say('$ image-inventory sync');
  const child = spawn(execPath, [MAIN, 'sync', '--db', DATABASE], {
    stdio: ['ignore', stdout.isTTY ? 'inherit' : 'pipe', 'inherit'],
    env: {
      ...process.env,
      CLOUDFLARE_BASE_URL: baseUrl,
      CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
      CLOUDFLARE_API_TOKEN: EMULATED_CREDENTIALS.token,
    },
  });
  if (child.stdout !== null) {
    const pretty = createPrettyWriter({ color: false, showsAccount: false });
    for await (const line of createInterface({ input: child.stdout })) {
      stdout.write(pretty(line) ?? '');
    }
  }
  if (child.exitCode === null) await once(child, 'exit');
  if (child.exitCode !== 0) process.exit(child.exitCode ?? 1);
}

function change(account: EmulatedAccount): void {
  const ids = account.all().map(({ id }) => id);
  const id = (index: number): string => ids[index] ?? '';
  account.upload({ filename: 'spring-sale.jpg', creator: 'cms', meta: { campaign: 'spring' } });
  account.upload({ id: 'brand/logo', filename: 'logo.svg', creator: 'design' });
  account.upload({ filename: 'team-photo.webp' });
  account.patch(id(10), { creator: 'billing-app' });
  account.patch(id(20), { meta: { album: 'archive', reviewed: true } });
  account.patch(id(30), { creator: 'design', meta: {} });
  for (const index of [100, 200, 300, 400]) account.delete(id(index));
}

function query(): void {
  const database = new Sqlite(DATABASE, { readonly: true });
  for (const { title, sql } of QUERIES) {
    const statement = database.prepare<[], Record<string, string | number | null>>(sql);
    const names = statement.columns().map(({ name }) => name);
    const rows = statement.all().map((row) => names.map((name) => cell(row[name] ?? null)));
    say(`\n-- ${title}\n${sql};\n`);
    say(formatTable([names, names.map((name) => '-'.repeat(name.length)), ...rows]));
  }
  database.close();
}

function cell(value: string | number | null): string {
  return value === null ? '' : printable(String(value)).slice(0, 60);
}

function heading(text: string): void {
  say(stdout.isTTY ? `\n\u001b[1m${text}\u001b[0m` : `\n${text}`);
}

function say(text: string): void {
  stdout.write(`${text}\n`);
}
