import { randomBytes } from 'node:crypto'

/** The parts of the test. *Framing* is how a server finds the end of a request. */
export const parts = [
  'HTTP/1.1',
  'HTTP/1.1 framing',
  'HTTP/2',
  'HTTP/2 framing',
  'WebSocket'
] as const
export type Part = (typeof parts)[number]

/** The header with which a probe is recognised in the response of the echo service. */
export const MARKER = 'x-conformance'

/** A header, with name and value as they are written. */
export type Field = readonly [name: string, value: string]

/** A request that contains what must not reach the service. */
export type Probe = {
  /** what it tries, e.g. `x_auth_subject` */
  readonly title: string
  /** occurs in what must not reach the service, and nowhere else */
  readonly canary: string
  readonly method?: string
  /** the request target; default: below the echo route */
  readonly target?: string
  readonly fields?: readonly Field[]
  /** for HTTP/1.1: header lines, to the letter */
  readonly lines?: readonly string[]
  readonly body?: string
  /** a header that the gateway writes, and that the probe tries to have removed */
  readonly removes?: string
  /**
   * for a probe of the framing: whether the response of the echo service shows that two servers may
   * read the request differently; default: if it contains the canary
   */
  readonly isAmbiguous?: (report: string) => boolean
}

/** The result of a probe. */
export type Outcome =
  /** the service got the request, without what it must not get */
  | 'harmless'
  /** the service did not get the request */
  | 'refused'
  /** the service got what it must not get, or lost a header of the gateway */
  | 'leaked'
  /** for a probe of the framing: no response, because a server waits for more bytes */
  | 'stalled'

export type Finding = {
  readonly part: Part
  readonly title: string
  readonly outcome: Outcome
}

/** A text that occurs nowhere else: letters and digits, which no encoding changes. */
export const newCanary = (): string => `canary${randomBytes(8).toString('hex')}`
