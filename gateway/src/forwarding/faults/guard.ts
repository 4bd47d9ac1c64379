/** What a guarded fault ends, as the metrics name it. */
export const guardedPlaces = ['answer', 'connection', 'upgrade', 'websocket'] as const
export type GuardedPlace = (typeof guardedPlaces)[number]

/** Counts and logs a fault. Must not throw. */
export type NoteFault = (place: GuardedPlace, error: Error) => void

/** What a guard does with a fault. */
type Guarding = {
  readonly place: GuardedPlace
  readonly noteFault: NoteFault
  /** Ends the one exchange, whatever its state. Must not throw. */
  end(): void
}

/**
 * Wraps a callback that Node.js or a library calls. None of our code is there to catch what it
 * throws. Without the guard, the bytes of one client or one service could cause an uncaught
 * exception and end all requests of the process.
 */
export const guard =
  ({ place, noteFault, end }: Guarding) =>
  <Values extends readonly unknown[]>(callback: (...values: Values) => void) =>
  (...values: Values): void => {
    try {
      callback(...values)
    } catch (error) {
      noteFault(place, errorOf(error))
      end()
    }
  }

/** What was thrown, as an error: any value can be thrown. */
export const errorOf = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(typeof thrown)

/** Wraps callbacks of one exchange. */
export type Guarded = ReturnType<typeof guard>
