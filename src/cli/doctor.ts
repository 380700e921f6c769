import { examine, type Check } from '../app/doctor.ts';
import { systemClock } from '../app/system-clock.ts';
import { loadConfig, type Flags } from '../config/load.ts';
import { printable } from '../inventory/printable.ts';
import { exitCodeOf } from './exit-codes.ts';
import { stopOnSignals } from './signals.ts';
import { printJson, printResult } from './streams.ts';

export interface DoctorCommandOptions {
  readonly json?: boolean;
}

const MARKS: Readonly<Record<Check['result'], string>> = {
  ok: '✔',
  warning: '!',
  failed: '✖',
  skipped: '–',
};

/** `doctor`: checks everything that a run needs, and says how to mend what is wrong. */
export async function doctorCommand(flags: Flags, options: DoctorCommandOptions): Promise<number> {
  const stop = stopOnSignals();
  const checks = await examine(() => loadConfig(flags), systemClock, stop.signal);
  const failures = checks.flatMap(({ code }) => code ?? []);
  if (options.json === true) printJson({ ok: failures.length === 0, checks });
  else printResult(toText(checks));
  return stop.exitCode() ?? exitCodeOf(failures);
}

function toText(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, result, detail, mend }) => {
    const line = `${MARKS[result]} ${name.padEnd(width)}  ${printable(detail)}`;
    return mend === undefined ? [line] : [line, `  ${' '.repeat(width)}  → ${printable(mend)}`];
  });
  const isFine = checks.every(({ result }) => result === 'ok' || result === 'warning');
  return [...lines, ...(isFine ? ['Everything is in place: image-inventory sync'] : [])].join('\n');
}
