import type { CanonicalTarget } from '../paths/canonical-path.ts'
import type { RequestHeaders } from '../request-headers/received-headers.ts'
import type { Access } from '../routes/entry/demand-schema.ts'
import type { Route } from '../routes/entry/route.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'
import type { Handshake } from './handshake.ts'

/** An authorised request: its destination, and what the service gets to see. */
export type Passage = {
  readonly route: Route
  readonly access: Access
  readonly target: CanonicalTarget
  readonly headers: Readonly<RequestHeaders>
  /** the verified token; null if the request is anonymous */
  readonly token: VerifiedToken | null
  /** the caller whose share of the service's capacity it uses; null: of no caller */
  readonly caller: string | null
  /** the WebSocket handshake; null if the request is not an upgrade */
  readonly websocket: Handshake | null
}
