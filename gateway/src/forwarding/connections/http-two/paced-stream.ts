import type { OnReadOpts, Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { fairTurns } from '@gatehouse/http-service/fair-turns'

/** How much is read from a connection at a time. */
const READ_BYTES = 64 * 1024
/** How much of that is handled before others get their turn: 1,600 of the smallest frames. */
const PIECE_BYTES = 16 * 1024

type Done = (error?: Error | null) => void

/** The connections to all services share the time of a turn of the event loop. */
const turns = fairTurns()

/**
 * The connection to a service as the HTTP/2 library gets it. A service can send frames of one byte,
 * each of which takes some microseconds, and the windows bound bytes, not frames. Node.js would
 * read up to 2 MiB in a turn and handle all of it: 200,000 frames block the event loop for a
 * second. So the bytes are handled in pieces, within the time of a turn, and no more are read
 * meanwhile.
 */
export class PacedStream extends Duplex {
  readonly #origin: string
  #socket: Socket | null = null
  #isOpen = false
  /** what is written before the connection is open */
  #early: (() => void) | null = null
  #buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  /** what was read, and not handled yet */
  #rest: Buffer | null = null
  #isWaiting = false
  /** whether the reading of the connection has stopped */
  #isStopped = false

  /** @param origin of the service */
  constructor(origin: string) {
    super()
    this.#origin = origin
  }

  /** How a socket reads into it (`net.connect`, `tls.connect`). */
  get onRead(): OnReadOpts {
    return {
      buffer: () => this.#buffer,
      callback: (bytes) => this.#received(bytes)
    }
  }

  /** @param socket reads with `onRead` */
  attach(socket: Socket): void {
    this.#socket = socket
    socket.once('end', () => this.push(null))
    socket.once('error', (error) => this.destroy(error))
    socket.once('close', () => this.destroy())
  }

  /** Allows it to write. */
  open(): void {
    this.#isOpen = true
    this.#early?.()
    this.#early = null
  }

  #received(bytes: number): boolean {
    this.#rest = this.#buffer.subarray(0, bytes)
    this.#continue()
    if (this.#rest === null && this.readableLength === 0) return true
    // What is kept refers to it.
    this.#buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    this.#isStopped = true
    return false
  }

  /** Handles a piece in this turn or in a later one, or reads again. */
  #continue(): void {
    if (this.#isWaiting || this.destroyed) return
    if (this.#rest === null) {
      if (!this.#isStopped) return
      this.#isStopped = false
      this.#socket?.resume()
      return
    }
    this.#isWaiting = true
    turns.take(this.#origin, this, () => {
      this.#isWaiting = false
      if (this.#handle()) this.#continue()
    })
  }

  /** @returns whether more can be handled */
  #handle(): boolean {
    const rest = this.#rest
    if (rest === null || this.destroyed) return false
    this.#rest = rest.length > PIECE_BYTES ? rest.subarray(PIECE_BYTES) : null
    return this.push(rest.subarray(0, PIECE_BYTES))
  }

  override _read(): void {
    this.#continue()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#whenOpen((socket) => socket.write(chunk, done))
  }

  override _writev(all: readonly { readonly chunk: Buffer }[], done: Done): void {
    const last = all.length - 1
    this.#whenOpen((socket) => {
      socket.cork()
      for (const [index, { chunk }] of all.entries()) {
        socket.write(chunk, index === last ? done : undefined)
      }
      socket.uncork()
    })
  }

  override _final(done: Done): void {
    this.#whenOpen((socket) => socket.end(done))
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#rest = null
    this.#socket?.destroy()
    done(error)
  }

  #whenOpen(act: (socket: Socket) => void): void {
    const attempt = (): void => {
      if (this.#socket !== null) act(this.#socket)
    }
    if (this.#isOpen) attempt()
    else this.#early = attempt
  }
}
