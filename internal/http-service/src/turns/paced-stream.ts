import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { headerSections, type Part } from './header-sections.ts'
import { bytePieces, type Pace, PacedBytes } from './paced-bytes.ts'

/** A piece has at most 1,600 of the smallest frames. */
export const HTTP_TWO_PIECES = bytePieces(16 * 1024)

type Done = (error?: Error | null) => void

/**
 * A connection as the HTTP/2 library gets it, which handles what was read in pieces. A peer can
 * send frames of one byte, each of which takes some microseconds, and the windows bound bytes, not
 * frames.
 */
export class PacedStream extends Duplex {
  readonly #paced: PacedBytes
  readonly #partsOf: (bytes: Buffer) => Part[]
  /** those of a piece that the library has not got yet */
  #parts: Part[] = []
  /** whether the library can take another one */
  #isWanted = false
  /** whether it gets another one after the events of the last one */
  #isScheduled = false
  #socket: Socket | null = null
  /** whether the peer has ended its side */
  #isEnding = false
  /** whether the connection has closed, and what came before is still being handled */
  #isGone = false
  #readAgain: () => void = () => {}
  #isOpen = false
  /** what is written before the connection is open */
  #early: (() => void) | null = null

  /** @param prefaceBytes how many bytes the peer sends before the first frame */
  constructor(pace: Pace, prefaceBytes: number) {
    // A part that the library does not take is the last one until it does.
    super({ readableHighWaterMark: 1 })
    this.#partsOf = headerSections(prefaceBytes)
    this.#paced = new PacedBytes(pace, {
      pass: (piece) => this.#pass(piece),
      isReady: () => this.#isWanted && !this.#isScheduled && this.#parts.length === 0,
      isFull: () => this.readableLength > 0,
      readAgain: () => this.#readAgain()
    })
  }

  /** @param readAgain continues the reading of the socket after `receive` has stopped it */
  attach(socket: Socket, readAgain: () => void): void {
    this.#socket = socket
    this.#readAgain = readAgain
    socket.on('error', (error) => this.destroy(error))
    socket.once('close', (isBroken) => {
      // What came before the end is handled first.
      if (this.#isEnding && this.isHolding && !isBroken) this.#isGone = true
      else this.destroy()
    })
  }

  /** Allows it to write. */
  open(): void {
    this.#isOpen = true
    this.#early?.()
    this.#early = null
  }

  /** Whether it refers to bytes that it has received. */
  get isHolding(): boolean {
    return this.#paced.isHolding || this.#parts.length > 0 || this.readableLength > 0
  }

  /** @returns whether to continue reading; if not, `readAgain` is called later */
  receive(bytes: Buffer): boolean {
    return this.#paced.receive(bytes)
  }

  /** Nothing follows what it has received. */
  finish(): void {
    this.#isEnding = true
    this.#paced.finish()
  }

  #pass(piece: Buffer | null): void {
    if (piece === null) {
      if (this.#isGone) this.once('end', () => this.destroy())
      this.push(null)
      return
    }
    this.#parts = this.#partsOf(piece)
    this.#passPart()
  }

  /**
   * Node.js reports a stream on the next tick. On a socket of its own, that is before it handles
   * the next frame, and code relies on it: otherwise a listener would miss the beginning of a body.
   */
  #passPart(): void {
    const part = this.#parts.shift()
    if (part === undefined) return
    this.#isWanted = this.push(part.bytes)
    if (part.endsSection) this.#continueSoon()
  }

  #continueSoon(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    // After all ticks that wait by now, from whatever code this is called.
    queueMicrotask(() => process.nextTick(() => this.#proceed()))
  }

  #proceed(): void {
    this.#isScheduled = false
    if (!this.#isWanted || this.destroyed) return
    this.#passPart()
    this.#paced.wake()
  }

  override _read(): void {
    this.#isWanted = true
    this.#continueSoon()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#whenOpen(done, (socket) => socket.write(chunk, done))
  }

  override _writev(all: readonly { readonly chunk: Buffer }[], done: Done): void {
    const last = all.length - 1
    this.#whenOpen(done, (socket) => {
      socket.cork()
      for (const [index, { chunk }] of all.entries()) {
        socket.write(chunk, index === last ? done : undefined)
      }
      socket.uncork()
    })
  }

  override _final(done: Done): void {
    this.#whenOpen(done, (socket) => socket.end(done))
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#paced.clear()
    this.#parts = []
    this.#socket?.destroy()
    done(error)
  }

  #whenOpen(done: Done, act: (socket: Socket) => void): void {
    const attempt = (): void => {
      if (this.#isGone) done()
      else if (this.#socket !== null) act(this.#socket)
    }
    if (this.#isOpen) attempt()
    else this.#early = attempt
  }
}
