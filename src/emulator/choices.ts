// What the command line offers, apart from the emulator itself: showing help loads none of it.

/** The orders in which a list can show its images; `shuffled` is by chance, but stays as it is. */
export const LIST_ORDERS = ['newest', 'oldest', 'shuffled'] as const;

export type ListOrder = (typeof LIST_ORDERS)[number];

/** Answers that the emulator can give instead of the right one. */
export const WRONG_ANSWER_NAMES = [
  'error-500',
  'error-200',
  'throttled-200',
  'throttled',
  'throttled-date',
  'throttled-absurd',
  'throttled-garbage',
  'throttled-zero',
  'forbidden',
  'html-200',
  'html-403',
  'html-502',
  'html-520',
  'null-result',
  'empty-list',
  'images-object',
  'no-id',
  'success-string',
  'truncated',
  'empty-body',
  'wrong-type',
  'gzip-lies',
  'bad-token',
  'redirect',
  'bad-filter',
  'no-route',
  'gone',
] as const;

/** What it can do to the connection. */
export const SABOTAGE_NAMES = [
  'reset',
  'reset-mid-body',
  'hang',
  'hang-mid-body',
  'huge',
  'drip',
] as const;

/** The faults that the emulator can be told to commit. */
export const FAULT_NAMES = [...WRONG_ANSWER_NAMES, ...SABOTAGE_NAMES] as const;

export type FaultName = (typeof FAULT_NAMES)[number];
