import type { Duplex } from 'node:stream'
import { errorOf } from './guard.ts'

type GuardedEvents = {
  /** The connection was reset or failed, before any listener hears of it. */
  onError(error: Error): void
  /** A listener threw this. */
  onFault(error: Error): void
}

/**
 * Guards the listeners of a connection, most of which are undici's. What one of them throws ends
 * this connection and the request on it, not the process.
 * @param events must not throw
 */
export function guardEvents(socket: Duplex, { onError, onFault }: GuardedEvents): void {
  const emit: (event: string, ...values: unknown[]) => boolean = socket.emit.bind(socket)
  socket.emit = (event: string, ...values: unknown[]): boolean => {
    try {
      if (event === 'error' && values[0] instanceof Error) onError(values[0])
      return emit(event, ...values)
    } catch (error) {
      socket.destroy()
      onFault(errorOf(error))
      return true
    }
  }
}
