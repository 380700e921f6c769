/** A number as a person reads it: `1,234`. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en-US');
}

/** A number of things: `1 image`, `1,234 images`. */
export function formatCount(amount: number, noun: string): string {
  return `${formatNumber(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}
