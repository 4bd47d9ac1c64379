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
  let held: Buffer[] = []
  let bytes = 0
  let inThisTurn = 0
  let isScheduled = false

  const joined = (): Buffer => {
    const [first] = held
    return first !== undefined && held.length === 1 ? first : Buffer.concat(held, bytes)
  }
  const flush = (): void => {
    if (held.length === 0) return
    const whole = joined()
    held = []
    bytes = 0
    pass(whole)
  }
  const nextTurn = (): void => {
    isScheduled = false
    inThisTurn = 0
    if (isTaken()) flush()
  }
  const schedule = (): void => {
    if (isScheduled) return
    isScheduled = true
    // Node.js runs `nextTick` after each chunk of a request, and this after all that was read.
    setImmediate(nextTurn)
  }
  return {
    get bytes() {
      return bytes
    },
    get isFull() {
      return bytes > 0 && inThisTurn >= MOST_IN_A_TURN
    },
    flush,
    wake() {
      if (bytes > 0) schedule()
    },
    add(chunk) {
      if (chunk.length >= SMALL_BYTES) {
        flush()
        pass(chunk)
        return
      }
      held.push(chunk)
      bytes += chunk.length
      inThisTurn += 1
      if (bytes >= ENOUGH_BYTES) flush()
      else if (held.length >= MOST_OBJECTS) held = [joined()]
      schedule()
    }
  }
}
