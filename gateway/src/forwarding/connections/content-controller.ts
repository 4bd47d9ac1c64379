import type { Dispatcher } from 'undici'

/** What the handler of a response can do with it. */
export type ContentController = Dispatcher.DispatchController & {
  /**
   * The handler no longer needs a piece that `onResponseData` has passed: called within it, if the
   * operating system has taken all of the piece. Its buffer is then used again.
   */
  release?(piece: Buffer): void
}
