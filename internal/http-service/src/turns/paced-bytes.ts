import type { FairTurns } from './fair-turns.ts'

/** Each part that is held is an object of some 250 bytes. */
const MOST_OBJECTS = 256

export type Pace = {
  readonly turns: FairTurns
  /** whose bytes they are; clients take turns */
  readonly client: string
  /** how much is handled before others get their turn */
  readonly pieceBytes: number
  /** above this, what is held stops the reading of the connection */
  readonly mostHeldBytes: number
}

type Reader = {
  /** Takes a piece; null: nothing follows. */
  pass(piece: Buffer | null): void
  /** whether it can take another piece; if not, it calls `wake` once it can */
  isReady(): boolean
  /** whether it still has a piece that it does not pass on */
  isFull(): boolean
  /** Continues the reading of the connection after `receive` has stopped it. */
  readAgain(): void
}

/**
 * Passes on what a connection reads in pieces, within the time of a turn of the event loop. Node.js
 * reads up to 2 MiB of a connection in a turn. That can be 200,000 frames of HTTP/2, which would
 * hold the event loop for a second.
 */
export class PacedBytes {
  readonly #pace: Pace
  readonly #reader: Reader
  /** what was read, and not passed on yet */
  #held: Buffer[] = []
  #bytes = 0
  /** whether nothing follows it */
  #isLast = false
  #isWaiting = false
  /** whether the reading of the connection waits for `readAgain` */
  #isStopped = false
  #isOver = false

  constructor(pace: Pace, reader: Reader) {
    this.#pace = pace
    this.#reader = reader
  }

  /** Whether it refers to bytes that it has received. */
  get isHolding(): boolean {
    return this.#bytes > 0
  }

  /** @returns whether to go on reading; if not, `readAgain` is called later */
  receive(bytes: Buffer): boolean {
    if (this.#isOver) return false
    this.#held.push(bytes)
    this.#bytes += bytes.length
    if (this.#held.length > MOST_OBJECTS) this.#held = [this.#joined()]
    this.wake()
    this.#isStopped ||= this.#bytes > this.#pace.mostHeldBytes || this.#reader.isFull()
    return !this.#isStopped
  }

  /** Nothing follows what it has received. */
  finish(): void {
    this.#isLast = true
    this.wake()
  }

  /** Drops what it holds. */
  clear(): void {
    this.#isOver = true
    this.#held = []
    this.#bytes = 0
  }

  /** Passes on a piece in this turn or in a later one, or reads again. */
  wake(): void {
    if (this.#isWaiting || this.#isOver || !this.#reader.isReady()) return
    if (this.#bytes === 0) {
      this.#goOn()
      return
    }
    this.#isWaiting = true
    const { turns, client } = this.#pace
    turns.take(client, this, () => {
      this.#isWaiting = false
      if (this.#isOver) return
      // Its reader may have paused meanwhile.
      if (this.#reader.isReady()) this.#reader.pass(this.#piece())
      this.wake()
    })
  }

  #goOn(): void {
    if (this.#isLast) {
      this.#isOver = true
      this.#reader.pass(null)
    } else if (this.#isStopped) {
      this.#isStopped = false
      this.#reader.readAgain()
    }
  }

  #piece(): Buffer {
    const whole = this.#joined()
    const rest = whole.subarray(this.#pace.pieceBytes)
    this.#held = rest.length > 0 ? [rest] : []
    this.#bytes = rest.length
    return whole.subarray(0, this.#pace.pieceBytes)
  }

  #joined(): Buffer {
    const [first] = this.#held
    return first !== undefined && this.#held.length === 1
      ? first
      : Buffer.concat(this.#held, this.#bytes)
  }
}
