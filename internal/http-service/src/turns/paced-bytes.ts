import type { FairTurns } from './fair-turns.ts'

/** Each part that is held is an object of some 250 bytes. */
const MOST_OBJECTS = 256

/** How the bytes of a connection are divided. It is asked about all bytes in order, once each. */
export type Division = {
  /** How many of the next bytes wait for no turn. */
  atOnce(bytes: Buffer): number
  /** How many of the next bytes are handled before others get their turn. */
  piece(bytes: Buffer): number
}

/** All bytes take turns, this number at a time. */
export const bytePieces = (most: number): Division => ({
  atOnce: () => 0,
  piece: ({ length }) => Math.min(length, most)
})

export type Pace = {
  readonly turns: FairTurns
  /** whose bytes they are; clients take turns */
  readonly client: string
  readonly division: Division
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
  /** whether it passes on a piece, or waits for its turn to do so */
  #isWaiting = false
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

  /** Whether the reading of the connection has to wait for `readAgain`. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  /** @returns whether to continue reading; if not, `readAgain` is called later */
  receive(bytes: Buffer): boolean {
    if (this.#isOver) return false
    this.#hold(bytes.subarray(this.#passAtOnce(bytes)))
    this.wake()
    this.#isStopped ||= this.#bytes > this.#pace.mostHeldBytes || this.#reader.isFull()
    return !this.#isStopped
  }

  /** @returns how many of the bytes were passed on */
  #passAtOnce(bytes: Buffer): number {
    if (this.#isWaiting || this.#bytes > 0 || !this.#reader.isReady()) return 0
    const passed = this.#pace.division.atOnce(bytes)
    if (passed > 0) this.#pass(bytes.subarray(0, passed))
    return passed
  }

  /** What its reader does meanwhile must not pass on the next piece before this one has arrived. */
  #pass(piece: Buffer): void {
    this.#isWaiting = true
    try {
      this.#reader.pass(piece)
    } finally {
      this.#isWaiting = false
    }
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#held.push(bytes)
    this.#bytes += bytes.length
    if (this.#held.length > MOST_OBJECTS) this.#held = [this.#joined()]
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
      if (this.#reader.isReady()) this.#pass(this.#piece())
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
    const end = this.#pace.division.piece(whole)
    const rest = whole.subarray(end)
    this.#held = rest.length > 0 ? [rest] : []
    this.#bytes = rest.length
    return whole.subarray(0, end)
  }

  #joined(): Buffer {
    const [first] = this.#held
    return first !== undefined && this.#held.length === 1
      ? first
      : Buffer.concat(this.#held, this.#bytes)
  }
}
