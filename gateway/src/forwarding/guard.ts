/** Ends one exchange, whatever its state, because of an internal error. Must not throw. */
export type OnFault = (error: Error) => void

/**
 * Wraps a callback that Node.js or a library calls. None of our code is there to catch what it throws. Without the guard, the
 * bytes of one client or one service could cause an uncaught exception and end all requests of the process.
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
