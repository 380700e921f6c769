#!/usr/bin/env node
import process, { argv } from 'node:process';
import { asFailure } from '../inventory/failure.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { createProgram, parseCommandLine, type Action } from './program.ts';
import { endWithOutput, reportFailure } from './streams.ts';

endWithOutput((exitCode) => process.exit(exitCode), EXIT.done);
process.exitCode = await main(argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  let action: Action | undefined;
  const program = createProgram((chosen) => {
    action = chosen;
  });
  try {
    parseCommandLine(program, words);
    return (await action?.()) ?? 0;
  } catch (error) {
    const failure = asFailure(error);
    reportFailure(failure, program.opts()['logLevel'] === 'debug');
    return exitCodeOf([failure.code]);
  }
}
