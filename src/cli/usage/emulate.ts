import { Option, type Command } from 'commander';
import { FAULT_NAMES, LIST_ORDERS } from '../../emulator/choices.ts';
import { EMULATED_CREDENTIALS } from '../../emulator/defaults.ts';
import { collect, duration, examples, whole } from '../arguments.ts';
import type { EmulateOptions } from '../emulate.ts';
import { flagsOf, type Choose } from './choice.ts';

/** What `emulate` takes. */
export function addEmulate(program: Command, choose: Choose): void {
  program
    .command('emulate')
    .description('a stateful local stand-in of the Images API, for trying and testing')
    .option('--images <n>', 'images in each account at the start', whole(0, 50_000_000), 10_000)
    .option('--drafts <n>', 'direct uploads without bytes yet', whole(0, 100_000), 0)
    .option('--seed <s>', 'the same seed gives the same images', whole(0, 2 ** 31), 1)
    .option('--host <host>', 'the address to listen on', '127.0.0.1')
    .option('--port <p>', 'the port to listen on; 0 takes any free one', whole(0, 65_535), 8788)
    .option('--token <token>', 'the API token it takes', EMULATED_CREDENTIALS.token)
    .option('--latency <ms>', 'added to every answer', whole(0, 600_000), 0)
    .option('--rate-requests <n>', 'requests allowed in an interval', whole(1, 1_000_000))
    .addOption(
      new Option('--rate-interval <duration>', 'the interval')
        .argParser(duration)
        .default(300_000, '5m'),
    )
    .option('--max-page-size <n>', 'never more images in a page', whole(1, 10_000))
    .option('--ignore-page', 'answer every page with page 1')
    .addOption(
      new Option('--list-order <order>', 'the order of the v1 list')
        .choices(LIST_ORDERS)
        .default('newest'),
    )
    .option('--stats-shift <n>', 'added to the count of stats', whole(-50_000_000, 50_000_000), 0)
    .option('--v1-gone', 'answer the v1 list with 410; v2 is served')
    .addOption(
      new Option(
        '--fault <name[:chance]>',
        `commit a fault, always or with a chance of 0 to 1; may be repeated (${FAULT_NAMES.join(', ')})`,
      ).argParser(collect),
    )
    .addHelpText(
      'after',
      examples(
        ['image-inventory emulate', 'prints what to export, then serves until Ctrl-C'],
        ['image-inventory emulate --images 1000000 --port 0', 'a large account, any port'],
        ['image-inventory emulate --fault html-502:0.1 --latency 50', 'a bad day'],
      ),
    )
    .action((options: EmulateOptions, command: Command) =>
      choose(async () => (await import('../emulate.ts')).emulateCommand(flagsOf(command), options)),
    );
}
