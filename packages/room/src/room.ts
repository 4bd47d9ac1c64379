/** A part of the system that is up: it listens, and it can be taken down without losing what it is doing. */
export type Room = {
  readonly name: string
  /** where it listens, e.g. `http://127.0.0.1:3001` */
  readonly url: string
  /** where its health and metrics are */
  readonly opsUrl: string
  /** reads again what can change while it runs, where there is something */
  reload?(): void
  /** ends what is under way, takes nothing new, lets go of everything */
  close(): Promise<void>
}
