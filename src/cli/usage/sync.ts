import { Option, type Command } from 'commander';
import { examples } from '../arguments.ts';
import type { SyncCommandOptions } from '../sync.ts';
import { flagsOf, type Choose } from './choice.ts';

/** What `sync` takes. */
export function addSync(program: Command, choose: Choose): void {
  program
    .command('sync')
    .description('read every configured account once, then exit')
    .option('--dry-run', 'show what would change, and change nothing')
    .addOption(
      new Option(
        '--quick',
        'read new uploads only, until a page holds nothing new; adds and never removes',
      ).conflicts('dryRun'),
    )
    .option('--allow-mass-removal', 'let this run remove any number of images')
    .option('--no-resume', 'read everything anew, also where an interrupted run had got far')
    .addHelpText(
      'after',
      examples(
        ['image-inventory sync', 'a snapshot of the configured accounts'],
        ['image-inventory sync --dry-run', 'what it would change'],
        ['image-inventory sync --quick', 'new uploads, in a request or two'],
        ['image-inventory sync --db images.db | jq -r .msg', 'NDJSON for programs'],
      ),
    )
    .action((options: SyncCommandOptions, command: Command) =>
      choose(async () => (await import('../sync.ts')).syncCommand(flagsOf(command), options)),
    );
}
