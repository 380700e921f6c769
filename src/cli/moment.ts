import { Failure } from '../inventory/failure.ts';
import { MOMENT_FORMS, parseMoment, type Moment } from '../inventory/moment.ts';

/**
 * Takes a moment of the past from the command line.
 *
 * @param now - What "ago" counts from, in milliseconds since 1970.
 * @throws Failure `USAGE` if the text is none.
 */
export function takeMoment(text: string, now: number): Moment {
  const moment = parseMoment(text, now);
  if (moment !== undefined) return moment;
  throw new Failure('USAGE', `${JSON.stringify(text)} is no moment of the past`, {
    hint: `Name ${MOMENT_FORMS}.`,
  });
}
