import type { Socket } from 'node:net'

/** The reading of a connection to a service. */
export type Reading = {
  /** A request is sent: what arrives next is its response. */
  expectResponse(): void
  /** As `read` of a stream. */
  read(size?: number): Buffer | null
}

const NOTHING = Buffer.alloc(0)

/**
 * The maximum number of unasked `100 Continue` responses that are dropped; more are an error of the
 * service.
 */
const MOST_CONTINUES = 8
/** The largest header section of an informational response that is looked at. */
const MOST_BYTES = 4096

/** How the status line of an informational response begins (RFC 9112 §4). */
const INFORMATIONAL = Buffer.from('HTTP/1.1 1')
const [DIGIT_OF_VERSION, CLASS_OF_STATUS] = [7, 9]

/**
 * Reads a connection, without the `100 Continue` that some services send although the gateway did
 * not ask for it. A client must be able to parse it, and may ignore it (RFC 9110 §15.2), but undici
 * takes it for the end of the connection. The gateway itself answers the `Expect` of its clients.
 */
export function withoutContinue(socket: Pick<Socket, 'read'>): Reading {
  const { read } = socket
  const ahead: Ahead = { isExpected: false, held: NOTHING, continues: 0 }
  return {
    expectResponse() {
      ahead.isExpected = true
      ahead.held = NOTHING
      ahead.continues = 0
    },
    read(size) {
      for (;;) {
        const chunk: Buffer | null = read.call(socket, size)
        if (chunk === null || !ahead.isExpected) return chunk
        const passed = pass(ahead, chunk)
        if (passed.length > 0) return passed
      }
    }
  }
}

/** What is known of a response whose final status has not arrived. */
type Ahead = {
  isExpected: boolean
  /** the beginning of an informational response */
  held: Buffer
  continues: number
}

/** What undici gets of these bytes now. */
function pass(ahead: Ahead, chunk: Buffer): Buffer {
  let rest = ahead.held.length === 0 ? chunk : Buffer.concat([ahead.held, chunk])
  ahead.held = NOTHING
  const passed: Buffer[] = []
  while (mayBeInformational(rest)) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0 && rest.length <= MOST_BYTES) {
      ahead.held = rest
      return Buffer.concat(passed)
    }
    if (end < 0) break
    if (!isContinue(rest)) passed.push(rest.subarray(0, end + 4))
    else if (++ahead.continues > MOST_CONTINUES) break
    rest = rest.subarray(end + 4)
    if (rest.length === 0) return Buffer.concat(passed)
  }
  ahead.isExpected = false
  return passed.length === 0 ? rest : Buffer.concat([...passed, rest])
}

/** Whether these bytes, however few, can begin an informational response. */
function mayBeInformational(bytes: Buffer): boolean {
  // The usual case, without a comparison of all: a final response.
  if (bytes.length > CLASS_OF_STATUS && bytes[CLASS_OF_STATUS] !== INFORMATIONAL[CLASS_OF_STATUS])
    return false
  const length = Math.min(bytes.length, INFORMATIONAL.length)
  for (let at = 0; at < length; at += 1) {
    if (at !== DIGIT_OF_VERSION && bytes[at] !== INFORMATIONAL[at]) return false
  }
  return true
}

const isContinue = (bytes: Buffer): boolean =>
  /^100[ \r]/.test(bytes.toString('latin1', CLASS_OF_STATUS, CLASS_OF_STATUS + 4))
