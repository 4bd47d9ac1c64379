import type { RequestHeaders } from '../request-headers/received-headers.ts'
import type { Handshake } from './handshake.ts'

/** A request without anything that only the gateway may say, and with its credentials set apart. */
export type StrippedRequest = {
  readonly method: string
  /** as in the request line */
  readonly target: string
  /**
   * the `Host` header; empty in HTTP/1.0, where it is optional. Behind a trusted proxy, the client
   * has asked for `Hop.host`
   */
  readonly host: string
  /** the headers that a service may see, by lower-case name */
  readonly headers: Readonly<RequestHeaders>
  /** whether its headers announce a body */
  readonly hasBody: boolean
  /** the `Authorization` header */
  readonly authorization: string | null
  /** the gateway's own cookies, as `name=value` */
  readonly ownCookies: readonly string[]
  /** the origin of the page that sent it, as its browser reports */
  readonly origin: string | null
  /** the WebSocket handshake; null if it is not an upgrade */
  readonly websocket: Handshake | null
}
