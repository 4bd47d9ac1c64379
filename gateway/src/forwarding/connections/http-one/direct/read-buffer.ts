const READ_BYTES = 64 * 1024
/** A smaller piece is copied, so that it does not keep the whole buffer in memory. */
const LEAST_LENT_BYTES = READ_BYTES / 4

/** Where all connections read, one after the other. */
const SHARED = Buffer.allocUnsafeSlow(READ_BYTES)

/**
 * Where one connection reads. What is read into the shared buffer is overwritten by the next read
 * of any connection. While long content arrives, the connection reads into a buffer of its own. It
 * is passed on without a copy, and is used again if its receiver has taken all of it.
 */
export class ReadBuffer {
  #current = SHARED

  /** where the next read goes */
  get current(): Buffer {
    return this.#current
  }

  /** The next bytes are part of long content. */
  beginLong(): void {
    if (this.#current === SHARED) this.#current = Buffer.allocUnsafeSlow(READ_BYTES)
  }

  /** As `beginLong` if so many bytes were read at once that long content seems to arrive. */
  noteRead(bytes: number): void {
    if (bytes >= LEAST_LENT_BYTES) this.beginLong()
  }

  endLong(): void {
    this.#current = SHARED
  }

  /**
   * Passes on bytes of the last read.
   * @param pass returns whether it needs the bytes no longer. Otherwise, they are not overwritten.
   */
  lend(bytes: Buffer, pass: (bytes: Buffer) => boolean): void {
    if (this.#current === SHARED || bytes.length < LEAST_LENT_BYTES) pass(Buffer.from(bytes))
    else if (!pass(bytes)) this.#current = Buffer.allocUnsafeSlow(READ_BYTES)
  }
}
