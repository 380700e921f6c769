#!/usr/bin/env node
import process, { argv } from 'node:process';
import { asFailure, Failure } from '../inventory/failure.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { createProgram, parseCommandLine } from './program.ts';
import type { Action } from './usage/choice.ts';
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
    if (action !== undefined) requireNode();
    return (await action?.()) ?? 0;
  } catch (error) {
    const failure = asFailure(error);
    reportFailure(failure, program.opts()['logLevel'] === 'debug');
    return exitCodeOf([failure.code]);
  }
}

/** Older ones fail in ways that say nothing to whoever meets them. */
function requireNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return;
  throw new Failure('USAGE', `Node.js ${process.versions.node} is too old`, {
    hint: 'image-inventory needs Node.js 22.19 or later.',
  });
}
