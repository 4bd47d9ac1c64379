/** Ends one exchange, whatever state it is in, because of a fault of this program. Must not throw. */
export type OnFault = (error: Error) => void

/**
 * Wraps what Node.js or a library calls back. Such a callback has no caller of ours that could catch what it throws: unguarded,
 * the bytes of one client or one service would be an uncaught exception, and the end of everybody's requests.
 */
export const guard =
  (onFault: OnFault) =>
  <Values extends readonly unknown[]>(callback: (...values: Values) => void) =>
  (...values: Values): void => {
    try {
      callback(...values)
    } catch (error) {
      onFault(error instanceof Error ? error : new Error(String(error)))
    }
  }
