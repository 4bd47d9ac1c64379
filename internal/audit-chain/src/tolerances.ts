import { HEAD_INTERVAL_MS } from './signed-head.ts'

/** How much the clocks that write the log may differ, and how late an event may be chained. */
export const MOST_SKEW_MS = 2 * 3_600_000

/** A head may be late, for example during a restart or an outage of a store. */
export const LONGEST_PAUSE_MS = 2 * HEAD_INTERVAL_MS
