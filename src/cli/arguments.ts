import { InvalidArgumentError, type Command } from 'commander';
import { parseDuration } from '../inventory/duration.ts';

/** Moves the command's name to the front, since options may stand before it. */
export function commandFirst(program: Command, argv: readonly string[]): readonly string[] {
  const options = [program, ...program.commands].flatMap((command) => command.options);
  const takesValue = (word: string): boolean =>
    options.some((option) => option.required && (option.long === word || option.short === word));
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--') break;
    if (takesValue(word)) index += 1;
    else if (!word.startsWith('-')) return [word, ...argv.toSpliced(index, 1)];
  }
  return argv;
}

/** The examples at the end of a help page, lined up. */
export function examples(...rows: readonly (readonly [command: string, what: string])[]): string {
  const width = Math.max(...rows.map(([command]) => command.length));
  const lines = rows.map(([command, what]) => `  ${command.padEnd(width)}  # ${what}`);
  return `\nExamples:\n${lines.join('\n')}`;
}

/** Takes every value of an option that may be repeated. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** Takes a duration, in milliseconds. */
export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined)
    throw new InvalidArgumentError('It must be a duration such as 90s, 15m, 2h or 1d.');
  return ms;
}

/** Takes a whole number within bounds, both included. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
