/** Longer than any work holds a worker, and than a client can hold it. */
const STANDS_STILL_MS = 30_000

/**
 * Whether a worker that does not answer at once still counts as alive. A supervisor that ends a
 * busy process makes an overload an outage. Pure.
 * @param owesMs for how long it has owed an answer
 */
export const isBusy = (owesMs: number): boolean => owesMs < STANDS_STILL_MS
