import type { Command } from 'commander';
import { examples } from '../arguments.ts';
import type { HistoryCommandOptions } from '../history.ts';
import { flagsOf, type Choose } from './choice.ts';

/** What `history` takes. */
export function addHistory(program: Command, choose: Choose): void {
  program
    .command('history')
    .description('every change of one image')
    .argument('<image_id>', 'the whole id; behind -- if it begins with a dash')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      examples(
        ['image-inventory history shop/banner', 'what became of it, and when'],
        ['image-inventory history --json shop/banner', 'values in full, for programs'],
      ),
    )
    .action((imageId: string, options: HistoryCommandOptions, command: Command) =>
      choose(async () =>
        (await import('../history.ts')).historyCommand(flagsOf(command), imageId, options),
      ),
    );
}
