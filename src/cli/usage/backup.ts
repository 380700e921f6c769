import type { Command } from 'commander';
import { examples } from '../arguments.ts';
import type { BackupCommandOptions } from '../backup.ts';
import { flagsOf, type Choose } from './choice.ts';

/** What `backup` takes. */
export function addBackup(program: Command, choose: Choose): void {
  program
    .command('backup')
    .description('copy the database as it is at one moment, beside a running daemon as well')
    .argument('<file>', 'where the copy is to be; another inventory of that name is replaced')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      examples(
        ['image-inventory backup backups/inventory.db', 'a file that needs no other beside it'],
        ['image-inventory verify --db backups/inventory.db', 'is the backup good?'],
      ),
    )
    .action((file: string, options: BackupCommandOptions, command: Command) =>
      choose(async () =>
        (await import('../backup.ts')).backupCommand(flagsOf(command), file, options),
      ),
    );
}
