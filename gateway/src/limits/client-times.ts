/** How long connections and requests of clients may take. */
export type ClientTimes = {
  /** how long a whole request may take to arrive */
  readonly requestMs: number
  /** how long an idle connection stays open */
  readonly idleMs: number
  /** how long requests in flight may take when the gateway closes */
  readonly closeMs: number
}
