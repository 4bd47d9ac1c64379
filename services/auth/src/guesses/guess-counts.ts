export type GuessCount = { readonly failures: number; readonly lastMs: number }

/** Where failures are counted, and who is known. Keys are digests. */
export type GuessCounts = {
  /** null where there was none for a day */
  read(key: string): Promise<GuessCount | null>
  add(key: string, nowMs: number): Promise<void>
  reset(key: string): Promise<void>
  /** Remembers for a month. */
  know(key: string): Promise<void>
  isKnown(key: string): Promise<boolean>
}

/** After a day without another one, failures are forgotten. */
export const FAILURES_KEPT_SECONDS = 86_400
export const KNOWN_KEPT_SECONDS = 30 * 86_400
