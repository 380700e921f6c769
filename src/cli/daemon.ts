import { stdout } from 'node:process';
import { runDaemon } from '../app/daemon.ts';
import { loadConfig, type Flags } from '../config/load.ts';
import { EXIT } from './exit-codes.ts';
import { onHangUp, stopOnSignals } from './signals.ts';
import { endWithOutput } from './streams.ts';

/** `daemon`: works until a signal comes; SIGHUP makes it read its configuration again. */
export async function daemonCommand(flags: Flags): Promise<number> {
  const stop = stopOnSignals();
  endWithOutput((exitCode) => stop.stop(exitCode), EXIT.incomplete);
  await runDaemon({
    load: () => loadConfig(flags),
    output: stdout,
    signal: stop.signal,
    onReload: onHangUp,
  });
  return stop.exitCode() ?? EXIT.done;
}
