/** How often something is made anew at most, in milliseconds. */
const FRESH_MS = 1000;

/**
 * Makes something at most once a second, however often it is asked for; everybody gets the same, a failure included.
 *
 * @param elapsed - Milliseconds on a clock that nobody sets.
 */
export function onceASecond<T>(make: () => T, elapsed: () => number): () => T {
  let kept: { readonly at: number; readonly give: () => T } | undefined;
  return () => {
    const now = elapsed();
    if (kept === undefined || now - kept.at >= FRESH_MS) kept = { at: now, give: attempt(make) };
    return kept.give();
  };
}

function attempt<T>(make: () => T): () => T {
  try {
    const made = make();
    return () => made;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
