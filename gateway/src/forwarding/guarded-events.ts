import type { Socket } from 'node:net'

/**
 * Guards the listeners of a connection, most of which are undici's. What one of them throws ends
 * this connection and the request on it, not the process.
 * @param onFault must not throw
 */
export function guardEvents(socket: Socket, onFault: (error: Error) => void): void {
  const emit: (event: string, ...values: unknown[]) => boolean = socket.emit.bind(socket)
  socket.emit = (event: string, ...values: unknown[]): boolean => {
    try {
      return emit(event, ...values)
    } catch (error) {
      socket.destroy()
      onFault(error instanceof Error ? error : new Error(typeof error))
      return true
    }
  }
}
