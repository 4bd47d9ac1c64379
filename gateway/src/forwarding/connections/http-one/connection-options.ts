import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import type { NoteFault } from '../../faults/guard.ts'
import type { ReadBuffer } from './direct/read-buffer.ts'

/**
 * Takes the bytes that a connection has read, which are overwritten after that. Returns whether it
 * may read more.
 */
export type OnBytes = (bytes: Buffer) => boolean

/**
 * What undici's connector does: it returns the socket before it is connected, which its type does
 * not say.
 */
export type Connector = (options: buildConnector.Options, done: buildConnector.Callback) => Socket

/**
 * @param onBytes may be called instead of the listeners of the socket
 * @param reads where the bytes are then read
 */
export type Connect = (
  ...given: [...Parameters<Connector>, onBytes: OnBytes, reads: ReadBuffer]
) => Socket

export type ConnectionOptions = {
  readonly origin: string
  readonly connect: Connect
  /** in milliseconds, never set back */
  readonly monotonicClock: () => number
  readonly noteFault: NoteFault
  /** The connection can carry another request. */
  onIdle(): void
  /** The connection has closed, or was never made. */
  onClosed(): void
}
