/** A time for people, to the second, in UTC. @param at - Milliseconds since 1970. */
export function formatTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
