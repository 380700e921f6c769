import type { Command } from 'commander';
import { examples } from '../arguments.ts';
import type { DoctorCommandOptions } from '../doctor.ts';
import { flagsOf, type Choose } from './choice.ts';

/** What `doctor` takes. */
export function addDoctor(program: Command, choose: Choose): void {
  program
    .command('doctor')
    .description('check configuration, database, credentials, permission and reach')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      examples(['image-inventory doctor', 'what is missing, and where to get it']),
    )
    .action((options: DoctorCommandOptions, command: Command) =>
      choose(async () => (await import('../doctor.ts')).doctorCommand(flagsOf(command), options)),
    );
}
