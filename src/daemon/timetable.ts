import type { Clock } from '../sync/ports/clock.ts';
import type { Agenda, Due } from './agenda.ts';

/** So often the time of day is looked at: somebody may have set it, or the machine may have slept. */
const LOOK_MS = 60_000;

/**
 * Calls `onDue` whenever something on the agenda is due, until the signal aborts.
 *
 * @param onLook - Called each time that the time is looked at, once a minute or more often: a sign of life.
 */
export async function followAgenda(
  agenda: Agenda,
  clock: Clock,
  signal: AbortSignal,
  onDue: (due: Due) => void,
  onLook: () => void = () => undefined,
): Promise<void> {
  while (!signal.aborted) {
    onLook();
    const due = agenda.take(clock.now());
    if (due.duties.size > 0) onDue(due);
    const left = Math.max(1, agenda.earliest - clock.now());
    await clock.wait(Math.min(left, LOOK_MS), signal).catch(() => undefined);
  }
}
