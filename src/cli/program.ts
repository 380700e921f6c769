import { Command, CommanderError, Option } from 'commander';
import { EMULATED_CREDENTIALS } from '../emulator/defaults.ts';
import { FORMATS } from '../export/encoding.ts';
import { FAULT_NAMES } from '../emulator/faults.ts';
import { LIST_ORDERS } from '../emulator/list-order.ts';
import { Failure } from '../inventory/failure.ts';
import { MOMENT_FORMS } from '../inventory/moment.ts';
import { VERSION } from '../app/version.ts';
import type { Flags } from '../config/load.ts';
import { collect, commandFirst, duration, examples, whole } from './arguments.ts';
import type { BackupCommandOptions } from './backup.ts';
import type { DiffCommandOptions } from './diff.ts';
import type { EmulateOptions } from './emulate.ts';
import type { ExportOptions } from './export-order.ts';
import type { HistoryCommandOptions } from './history.ts';
import type { StatusOptions } from './status.ts';
import type { SyncCommandOptions } from './sync.ts';
import type { DoctorCommandOptions } from './doctor.ts';
import type { VerifyCommandOptions } from './verify.ts';

/** A command, chosen and parsed but not yet run. Resolves to the process's exit code. */
export type Action = () => Promise<number>;

/**
 * The command line: every command with its options, help and examples. Parsing only chooses; a
 * command's code is loaded when it runs, so that `--help` is quick.
 *
 * @param choose - Takes the chosen command.
 */
export function createProgram(choose: (action: Action) => void): Command {
  const program = new Command('image-inventory')
    .description('Mirrors the inventory of a Cloudflare Images account into SQLite.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('--db <file>', 'the SQLite file of the inventory (default: ./data/inventory.db)')
    .option('--config <file>', 'the configuration file (default: config/image-inventory.json)')
    .option(
      '--account <id>',
      'only this account; may be repeated (default: all configured)',
      collect,
    )
    .option(
      '--log-level <level>',
      'fatal, error, warn, info, debug, trace or silent (default: info)',
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();

  const flagsOf = (command: Command): Flags => command.optsWithGlobals<Flags>();

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
      choose(async () => (await import('./sync.ts')).syncCommand(flagsOf(command), options)),
    );

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
      choose(async () => (await import('./daemon.ts')).daemonCommand(flagsOf(command))),
    );

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
      choose(async () => (await import('./status.ts')).statusCommand(flagsOf(command), options)),
    );

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
          (await import('./diff.ts')).diffCommand(flagsOf(command), { from, to }, options),
        ),
    );

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
        (await import('./history.ts')).historyCommand(flagsOf(command), imageId, options),
      ),
    );

  program
    .command('export')
    .description('the inventory, as it is or as it was, as CSV, JSON Lines or Parquet')
    .addOption(
      new Option('--format <format>', "by the output's name; otherwise csv").choices(FORMATS),
    )
    .option(
      '--output <file>',
      'a file or s3://BUCKET/KEY; appears whole or not at all; .gz and .zst compress (default: stdout)',
    )
    .option(
      '--as-of <moment>',
      'a run, "previous", a time (2026-01-31T16:00Z), or 2d for so long ago',
    )
    .option('--removed', 'the images that are gone, with the run and the time of their removal')
    .option('--columns <list>', 'only these columns, in this order, separated by commas')
    .option('--where <expression>', 'only images for which this SQL expression is true')
    .option(
      '--safe',
      "a ' before text that a spreadsheet would run as a formula (default: if the output is a .csv file)",
    )
    .option('--no-safe', 'text as it is, in .csv files as well')
    .option(
      '--partition <columns>',
      'account_id,run: adds what is new to a dataset of Parquet files below the output, a folder or s3://BUCKET/PREFIX',
    )
    .addHelpText(
      'after',
      examples(
        ['image-inventory export --output images.csv', 'for a spreadsheet'],
        ['image-inventory export --format jsonl | jq -r .filename', 'one image a line'],
        ['image-inventory export --output images.parquet', 'for DuckDB, Spark, pandas'],
        ['image-inventory export --as-of 2d --output images.jsonl.gz', 'as it was'],
        [
          'image-inventory export --partition account_id,run --output s3://bucket/fleet',
          'for a fleet',
        ],
        ['image-inventory export --where "creator IS NULL" --columns id,uploaded', 'a part'],
      ),
    )
    .action((options: ExportOptions, command: Command) =>
      choose(async () => (await import('./export.ts')).exportCommand(flagsOf(command), options)),
    );

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
      choose(async () => (await import('./verify.ts')).verifyCommand(flagsOf(command), options)),
    );

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
        (await import('./backup.ts')).backupCommand(flagsOf(command), file, options),
      ),
    );

  program
    .command('doctor')
    .description('check configuration, database, credentials, permission and reach')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      examples(['image-inventory doctor', 'what is missing, and where to get it']),
    )
    .action((options: DoctorCommandOptions, command: Command) =>
      choose(async () => (await import('./doctor.ts')).doctorCommand(flagsOf(command), options)),
    );

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
      choose(async () => (await import('./emulate.ts')).emulateCommand(flagsOf(command), options)),
    );

  program.addHelpText(
    'after',
    examples(
      ['image-inventory doctor', 'is everything in place?'],
      ['image-inventory sync', 'take a snapshot'],
      ['sqlite3 data/inventory.db "SELECT creator, count(*) FROM images GROUP BY 1"', 'use it'],
    ),
  );
  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  return program;
}

/** Parses the command line; help and version are printed on the way. */
export function parseCommandLine(program: Command, argv: readonly string[]): void {
  try {
    program.parse(commandFirst(program, argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    const message = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
    const isHelp = error.code === 'commander.help';
    throw new Failure('USAGE', isHelp ? 'no command was given' : message, {
      hint: '"image-inventory --help" shows the commands, "image-inventory COMMAND --help" their options.',
    });
  }
}
