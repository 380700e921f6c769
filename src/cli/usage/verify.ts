import type { Command } from 'commander';
import { examples } from '../arguments.ts';
import type { VerifyCommandOptions } from '../verify.ts';
import { flagsOf, type Choose } from './choice.ts';

/** What `verify` takes. */
export function addVerify(program: Command, choose: Choose): void {
  program
    .command('verify')
    .description('prove that the database is sound and agrees with its own ledger; exit 5 if not')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      examples(
        ['image-inventory verify', 'offline; beside a running daemon as well'],
        ['image-inventory verify --db backup.db', 'is the backup good?'],
      ),
    )
    .action((options: VerifyCommandOptions, command: Command) =>
      choose(async () => (await import('../verify.ts')).verifyCommand(flagsOf(command), options)),
    );
}
