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

export type GatheredChunks = {
  /** the bytes that are not passed on yet */
  readonly bytes: number
  /**
   * So many chunks have arrived in this turn that their source should pause until they are passed
   * on.
   */
  readonly isFull: boolean
  add(chunk: Buffer): void
  /** Passes on what it holds. */
  flush(): void
  /** The receiver can take more: it gets what is held in the next turn of the event loop. */
  wake(): void
}

/**
 * Passes on small chunks that arrive together as one, and holds them while the receiver has not
 * taken earlier ones. A peer may send a body in chunks of one byte (RFC 9112 §7.1, or DATA frames),
 * and one read of a connection can contain ten thousand of them. If each was an event for every
 * stream on its way, a read would hold the event loop for a tenth of a second, and chunks that wait
 * would need hundreds of times the memory of their bytes.
 * @param pass gets each chunk, in the order of arrival
 * @param isTaken whether the receiver has taken all earlier chunks; if not, `wake` tells that it
 * has
 */
export function gatheredChunks(
  pass: (chunk: Buffer) => void,
  isTaken: () => boolean
): GatheredChunks {
  const held: Held = { pass, isTaken, chunks: [], bytes: 0, inThisTurn: 0, isScheduled: false }
  return {
    get bytes() {
      return held.bytes
    },
    get isFull() {
      return held.bytes > 0 && held.inThisTurn >= MOST_IN_A_TURN
    },
    flush: () => flush(held),
    wake() {
      if (held.bytes > 0) schedule(held)
    },
    add(chunk) {
      if (chunk.length < SMALL_BYTES) return hold(held, chunk)
      flush(held)
      pass(chunk)
    }
  }
}

/** The small chunks that are not passed on yet. */
type Held = {
  readonly pass: (chunk: Buffer) => void
  readonly isTaken: () => boolean
  chunks: Buffer[]
  bytes: number
  /** how many have arrived in this turn of the event loop */
  inThisTurn: number
  /** whether something happens in the next turn */
  isScheduled: boolean
}

function hold(held: Held, chunk: Buffer): void {
  held.chunks.push(chunk)
  held.bytes += chunk.length
  held.inThisTurn += 1
  if (held.bytes >= ENOUGH_BYTES) flush(held)
  else if (held.chunks.length >= MOST_OBJECTS) held.chunks = [joined(held)]
  schedule(held)
}

function flush(held: Held): void {
  if (held.chunks.length === 0) return
  const whole = joined(held)
  held.chunks = []
  held.bytes = 0
  held.pass(whole)
}

function joined({ chunks, bytes }: Held): Buffer {
  const [first] = chunks
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, bytes)
}

function schedule(held: Held): void {
  if (held.isScheduled) return
  held.isScheduled = true
  // Node.js runs `nextTick` after each chunk of a request, and this after all that was read.
  setImmediate(nextTurn, held)
}

function nextTurn(held: Held): void {
  held.isScheduled = false
  held.inThisTurn = 0
  if (held.isTaken()) flush(held)
}
