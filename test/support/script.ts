import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { temporaryFolder } from './folder.ts';

/** How a script ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the text of a module in a process of its own. */
export function runScript(text: string): Promise<Ended> {
  const file = join(temporaryFolder(), 'script.mjs');
  writeFileSync(file, text);
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const child = execFile(execPath, [file], (_error, stdout, stderr) =>
    resolve({ code: child.exitCode, stdout, stderr }),
  );
  return promise;
}
