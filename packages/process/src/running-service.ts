/** A part of the system that is up: it listens, and it can be taken down without losing what it is doing. */
export type RunningService = {
  readonly name: string
  /** where it listens, e.g. `http://127.0.0.1:3001` */
  readonly url: string
  /** where its health and metrics are */
  readonly opsUrl: string
  /** reads again what can change while it runs, where there is something */
  reload?(): void
  /**
   * Says that it is about to end, so that load balancers and clients go elsewhere, and still serves every request. Resolves when
   * they have had time for it. After a service that does not need this, `close` follows at once.
   */
  drain?(): Promise<void>
  /** ends what is under way, takes nothing new, lets go of everything */
  close(): Promise<void>
  /** how long `drain` and `close` take at most, in milliseconds */
  readonly endsWithinMs: number
}
