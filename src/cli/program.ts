import { Command, CommanderError } from 'commander';
import { VERSION } from '../app/version.ts';
import { Failure } from '../inventory/failure.ts';
import { collect, commandFirst, examples } from './arguments.ts';
import { addBackup } from './usage/backup.ts';
import { addDaemon } from './usage/daemon.ts';
import { addDiff } from './usage/diff.ts';
import { addDoctor } from './usage/doctor.ts';
import { addEmulate } from './usage/emulate.ts';
import { addExport } from './usage/export.ts';
import { addHistory } from './usage/history.ts';
import { addStatus } from './usage/status.ts';
import { addSync } from './usage/sync.ts';
import { addVerify } from './usage/verify.ts';
import type { Choose } from './usage/choice.ts';

/** In the order in which help shows them. */
const COMMANDS = [
  addSync,
  addDaemon,
  addStatus,
  addDiff,
  addHistory,
  addExport,
  addVerify,
  addBackup,
  addDoctor,
  addEmulate,
];

/**
 * The command line: every command with its options, help and examples. Parsing only chooses; a
 * command's code is loaded when it runs, so that `--help` is quick.
 *
 * @param choose - Takes the chosen command.
 */
export function createProgram(choose: Choose): Command {
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

  for (const add of COMMANDS) add(program, choose);

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
