import type { Command } from 'commander';
import type { Flags } from '../../config/load.ts';

/** A command, chosen and parsed but not yet run. Resolves to the process's exit code. */
export type Action = () => Promise<number>;

/** Takes the chosen command. */
export type Choose = (action: Action) => void;

/** What stands on the command line for every command. */
export function flagsOf(command: Command): Flags {
  return command.optsWithGlobals<Flags>();
}
