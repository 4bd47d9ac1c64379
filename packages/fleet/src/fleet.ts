import { type Static, Type } from 'typebox'

/** how long a gateway counts as live after its last heartbeat */
export const HEARTBEAT_LIFE_MS = 10_000
/** how often it says that it is */
export const HEARTBEAT_MS = 2000
/**
 * How long the key of a gateway's assertions is published after its last heartbeat. A gateway that is cut off from the store goes on
 * serving from memory and signing, and services verify what it signs with the keys that the others publish.
 */
export const KEY_LIFE_MS = 24 * 3600 * 1000

/** What a live gateway says of itself. */
export const Heartbeat = Type.Object({
  /** made at its start: a gateway that starts again is another one */
  id: Type.String({ minLength: 1, maxLength: 64 }),
  /** the host's name and the process id, for people */
  name: Type.String({ maxLength: 255 }),
  /** the version of the issuer's key set that it holds; empty where it holds none */
  keySetVersion: Type.String({ maxLength: 128 }),
  /** the kids that it verifies with */
  kids: Type.Array(Type.String({ maxLength: 128 }), { maxItems: 64 }),
  /** how far it has read the log of revocations; empty before it has */
  revocationCursor: Type.String({ maxLength: 64 }),
  /** since it last heard of that log */
  revocationLagSeconds: Type.Number(),
  /** what its assertions are verified with (RFC 7517), as JSON */
  assertionJwk: Type.String({ maxLength: 1024 })
})
export type Heartbeat = Static<typeof Heartbeat>

/** The gateways that are live, as all processes of the system see them. */
export type Fleet = {
  /** Says that a gateway is live, for HEARTBEAT_LIFE_MS. @throws where the store is out of reach */
  announce(heartbeat: Heartbeat): Promise<void>
  /** Takes back what it said: it has drained. */
  leave(id: string): Promise<void>
  /** Every live gateway. @throws where the store is out of reach: nobody knows then who is live */
  live(): Promise<Heartbeat[]>
  /**
   * The `assertionJwk` of every gateway that was live within KEY_LIFE_MS and has not left.
   * @throws where the store is out of reach
   */
  assertionJwks(): Promise<string[]>
}
