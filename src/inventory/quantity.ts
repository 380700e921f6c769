/** A whole number as a person reads it: `1,234`. Not by way of `Intl`, which takes most of a command's start to load. */
export function formatNumber(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A number of things: `1 image`, `1,234 images`. */
export function formatCount(amount: number, noun: string): string {
  return `${formatNumber(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}
