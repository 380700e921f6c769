import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printable } from '../../src/inventory/printable.ts';
import { run, type Env } from './program.ts';

const STANDING_CLOCK = fileURLToPath(new URL('standing-clock.ts', import.meta.url));

/** The time of day at which the commands of a transcript run: the 11th day of a long history, at six in the evening. */
export const NOW = '2026-01-11T18:00:00.000Z';

/**
 * What a person would see who runs these commands of the real program, one after the other, beside an inventory:
 * what they print, and their exit codes unless they are 0. Only where the file lies, and how large it is, depends on the
 * machine and is left out.
 */
export async function transcript(
  database: string,
  commands: readonly (readonly string[])[],
  env: Env = {},
): Promise<string> {
  const folder = dirname(database);
  const parts = [];
  for (const command of commands) {
    const { code, stdout, stderr } = await run(
      command,
      {
        IMAGE_INVENTORY_DB: database,
        NODE_OPTIONS: `--import ${STANDING_CLOCK}`,
        STANDING_AT: NOW,
        ...env,
      },
      folder,
    );
    const exit = code === 0 ? '' : `[exit code ${code}]\n`;
    parts.push(`$ image-inventory ${command.map(quoted).join(' ')}\n${stdout}${stderr}${exit}`);
  }
  return parts
    .join('\n')
    .replaceAll(folder, '/data')
    .replaceAll(/"bytes": \d+/g, '"bytes": "as many as there are"');
}

function quoted(word: string): string {
  return /^[\w./:=,-]+$/.test(word) ? word : printable(JSON.stringify(word));
}
