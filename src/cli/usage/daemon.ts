import type { Command } from 'commander';
import { examples } from '../arguments.ts';
import { flagsOf, type Choose } from './choice.ts';

/** What `daemon` takes. */
export function addDaemon(program: Command, choose: Choose): void {
  program
    .command('daemon')
    .description('read every configured account on the schedule, until told to stop')
    .addHelpText(
      'after',
      examples(
        ['image-inventory daemon', 'every hour, on the hour, and once at the start'],
        ['IMAGE_INVENTORY_SCHEDULE="30 4 * * *" image-inventory daemon', 'at 04:30 UTC'],
      ),
    )
    .action((_options: unknown, command: Command) =>
      choose(async () => (await import('../daemon.ts')).daemonCommand(flagsOf(command))),
    );
}
