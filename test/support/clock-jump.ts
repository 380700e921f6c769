/**
 * A preload (`--import`) that makes the time of day jump once, as when somebody sets it or a machine wakes
 * up: by `JUMP_MS` milliseconds, when request number `JUMP_AT` is made. What measures time elsewhere
 * (`performance.now`, timers) goes on as if nothing had happened, as it does then.
 */
import { subscribe } from 'node:diagnostics_channel';
import { env } from 'node:process';

const RealDate = Date;
let requests = 0;
let offset = 0;

subscribe('undici:request:create', () => {
  requests += 1;
  if (requests === Number(env['JUMP_AT'])) offset = Number(env['JUMP_MS']);
});

globalThis.Date = class extends RealDate {
  static override now(): number {
    return RealDate.now() + offset;
  }

  constructor(...parts: [] | [number]) {
    // With any argument it is the date that was named, whatever the time is.
    if (parts.length === 0) super(RealDate.now() + offset);
    else super(...parts);
  }
} as DateConstructor;
