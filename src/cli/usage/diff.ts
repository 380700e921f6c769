import type { Command } from 'commander';
import { MOMENT_FORMS } from '../../inventory/moment.ts';
import { examples } from '../arguments.ts';
import type { DiffCommandOptions } from '../diff.ts';
import { flagsOf, type Choose } from './choice.ts';

/** What `diff` takes. */
export function addDiff(program: Command, choose: Choose): void {
  program
    .command('diff')
    .description('what changed between two complete runs of each account')
    .argument('[from]', `${MOMENT_FORMS} (default: "previous")`)
    .argument('[to]', 'the same (default: "latest")')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      examples(
        ['image-inventory diff', 'what the last complete run found'],
        ['image-inventory diff 2d', 'what changed within the last two days'],
        ['image-inventory diff 2026-01-01 2026-02-01', 'what changed in January'],
        ['image-inventory diff 812 815 --json', 'between two runs, for programs'],
      ),
    )
    .action(
      (
        from: string | undefined,
        to: string | undefined,
        options: DiffCommandOptions,
        command: Command,
      ) =>
        choose(async () =>
          (await import('../diff.ts')).diffCommand(flagsOf(command), { from, to }, options),
        ),
    );
}
