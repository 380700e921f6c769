import type { Command } from 'commander';
import { duration, examples } from '../arguments.ts';
import type { StatusOptions } from '../status.ts';
import { flagsOf, type Choose } from './choice.ts';

/** What `status` takes. */
export function addStatus(program: Command, choose: Choose): void {
  program
    .command('status')
    .description('last run and counts of each account')
    .option('--json', 'print one JSON document')
    .option(
      '--max-age <duration>',
      'exit 8 if an account has no complete full run that ended within it (90s, 15m, 2h, 1d)',
      duration,
    )
    .addHelpText(
      'after',
      examples(
        ['image-inventory status', 'a table'],
        ['image-inventory status --max-age 2h', 'a health check'],
      ),
    )
    .action((options: StatusOptions, command: Command) =>
      choose(async () => (await import('../status.ts')).statusCommand(flagsOf(command), options)),
    );
}
