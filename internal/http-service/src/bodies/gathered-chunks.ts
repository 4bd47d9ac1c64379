/** Larger chunks are worth an event of their own. */
const SMALL_BYTES = 1024
/** This many bytes of small chunks do not wait for more. */
const ENOUGH_BYTES = 16 * 1024
/**
 * How many small chunks of one body may arrive in one turn of the event loop. Each takes a
 * microsecond or two.
 */
const MOST_IN_A_TURN = 4096
/** Each chunk is an object of some 250 bytes. */
const MOST_OBJECTS = 256

/** Gets the chunks. */
type ChunkReceiver = {
  /** Takes each chunk, in the order of arrival. */
  pass(chunk: Buffer): void
  /** whether it has taken all earlier chunks; if not, `wake` tells that it has */
  isTaken(): boolean
}

/**
 * Passes on small chunks that arrive together as one, and holds them while the receiver has not
 * taken earlier ones. A peer may send a body in chunks of one byte (RFC 9112 §7.1, or DATA frames),
 * and one read of a connection can contain ten thousand of them. If each was an event for every
 * stream on its way, a read would block the event loop for a tenth of a second, and waiting chunks
 * would need hundreds of times the memory of their bytes.
 */
export class GatheredChunks {
  /** the bytes that are not passed on yet */
  bytes = 0
  readonly #receiver: ChunkReceiver
  #chunks: Buffer[] = []
  /** how many have arrived in this turn of the event loop */
  #inThisTurn = 0
  /** whether something happens in the next turn */
  #isScheduled = false

  constructor(receiver: ChunkReceiver) {
    this.#receiver = receiver
  }

  /**
   * Whether enough chunks have arrived in this turn: their source should pause until they are
   * passed on.
   */
  get isFull(): boolean {
    return this.bytes > 0 && this.#inThisTurn >= MOST_IN_A_TURN
  }

  add(chunk: Buffer): void {
    if (chunk.length < SMALL_BYTES) {
      this.#hold(chunk)
      return
    }
    this.flush()
    this.#receiver.pass(chunk)
  }

  /** Passes on what it holds. */
  flush(): void {
    const whole = this.take()
    if (whole !== null) this.#receiver.pass(whole)
  }

  /** What it holds, which is not passed on; null if that is nothing. */
  take(): Buffer | null {
    if (this.#chunks.length === 0) return null
    const whole = this.#joined()
    this.#chunks = []
    this.bytes = 0
    return whole
  }

  /** The receiver can take more: it gets what is held in the next turn of the event loop. */
  wake(): void {
    if (this.bytes > 0) this.#schedule()
  }

  #hold(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.bytes += chunk.length
    this.#inThisTurn += 1
    if (this.bytes >= ENOUGH_BYTES) this.flush()
    else if (this.#chunks.length >= MOST_OBJECTS) this.#chunks = [this.#joined()]
    this.#schedule()
  }

  #joined(): Buffer {
    const [first] = this.#chunks
    return first !== undefined && this.#chunks.length === 1
      ? first
      : Buffer.concat(this.#chunks, this.bytes)
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    // Node.js runs `nextTick` after each chunk of a request, and this after all that was read.
    inNextTurn(this)
  }

  /** A turn of the event loop has begun. */
  nextTurn(): void {
    this.#isScheduled = false
    this.#inThisTurn = 0
    if (this.#receiver.isTaken()) this.flush()
  }
}

/** those that wait for the next turn */
let waiting: GatheredChunks[] = []

/** One call for all of them: most hold nothing by then. */
function inNextTurn(chunks: GatheredChunks): void {
  if (waiting.push(chunks) === 1) setImmediate(turn)
}

function turn(): void {
  const due = waiting
  waiting = []
  for (const chunks of due) chunks.nextTurn()
}
