/**
 * A preload (`--import`) by which the time of day stands still, at `STANDING_AT` (ISO 8601). What measures time
 * elsewhere (`performance.now`, timers) goes on.
 */
import { env } from 'node:process';

const RealDate = Date;
const standing = RealDate.parse(env['STANDING_AT'] ?? '');

globalThis.Date = class extends RealDate {
  static override now(): number {
    return standing;
  }

  constructor(...parts: [] | [number]) {
    // With any argument it is the date that was named, whatever the time is.
    if (parts.length === 0) super(standing);
    else super(...parts);
  }
} as DateConstructor;
