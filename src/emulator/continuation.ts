import { createHash } from 'node:crypto';

/** How far a walk of the v2 list has come. */
export interface Progress {
  /** The ordinal of the last image that was delivered. */
  readonly last?: number | undefined;
  /** Images that were delivered since the walk began. */
  readonly delivered: number;
  /** Whether the next page is one without images. */
  readonly isPausing: boolean;
}

export const NO_PROGRESS: Progress = { delivered: 0, isPausing: false };

const CHECK_LENGTH = 8;

/**
 * A walk's progress as a token that says nothing to its client. It names an image, not a number of
 * images, so that nothing is skipped or repeated when others are uploaded or deleted meanwhile.
 */
export function toToken(progress: Progress): string {
  const content = Buffer.from(JSON.stringify(progress)).toString('base64url');
  return content + checkOf(content);
}

/** @returns `undefined` if this is no token as `toToken` makes them. */
export function fromToken(token: string): Progress | undefined {
  const content = token.slice(0, -CHECK_LENGTH);
  if (content === '' || token !== content + checkOf(content)) return undefined;
  return JSON.parse(Buffer.from(content, 'base64url').toString()) as Progress;
}

/** Tells a token that was cut or altered on its way. */
function checkOf(content: string): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, CHECK_LENGTH);
}
