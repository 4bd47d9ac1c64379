import { type Static, Type } from 'typebox'
import type { Questions } from './questions.ts'

/** how long a gateway counts as live after its last announcement */
export const ANNOUNCEMENT_LIFE_MS = 10_000
/** the time between two announcements */
export const ANNOUNCEMENT_INTERVAL_MS = 2000
/**
 * How long the assertion key of a gateway is published after its last announcement. A gateway that
 * is cut off from the store continues to serve from memory and to sign, and services verify its
 * assertions with the keys that the others publish.
 */
export const KEY_LIFE_MS = 24 * 3600 * 1000

/** How many keys a gateway can announce. An issuer publishes fewer. */
export const MOST_KIDS = 64

/**
 * How many live gateways are listed. Whoever can write to the store can announce gateways without
 * limit, and every rotation, event and list would be as long.
 */
export const MOST_GATEWAYS = 256

/** How many reasons of one kind a gateway announces, and how long each is, in characters. */
const MOST_REASONS = 8
export const LONGEST_REASON = 200

const Reasons = Type.Array(Type.String({ maxLength: LONGEST_REASON }), { maxItems: MOST_REASONS })

/** As many of these texts as an announcement has, each as long as it can be. */
export const announcedReasons = (texts: readonly string[]): string[] =>
  texts.slice(0, MOST_REASONS).map((text) => text.slice(0, LONGEST_REASON))

/** What operators want to know of a gateway. Counts begin at its start. */
export const Vitals = Type.Object({
  /** the release of Gatehouse */
  version: Type.String({ maxLength: 64 }),
  /** milliseconds since 1970 */
  startedAtMs: Type.Number(),
  /** resident memory of the process */
  memoryBytes: Type.Number(),
  requests: Type.Number(),
  /** responses that the gateway itself produced, with a status below 500 */
  refusals: Type.Number(),
  /** responses with a status of 500 or more */
  serverErrors: Type.Number(),
  /** 99 % of the requests of the last seconds took at most this long; null: there was none */
  p99Seconds: Type.Union([Type.Number(), Type.Null()]),
  /** the same for the same route table */
  routesVersion: Type.String({ maxLength: 64 }),
  /** the same for all workers of one gateway; earlier versions do not announce it */
  instance: Type.Optional(Type.String({ maxLength: 64 })),
  /**
   * whether an operator has taken it out of service; earlier versions do not announce it, and
   * cannot be drained
   */
  drained: Type.Optional(Type.Boolean()),
  /**
   * why /readyz is 503, so that no new clients should come; empty: it is 200. Earlier versions do
   * not announce it
   */
  failing: Type.Optional(Reasons),
  /**
   * what is wrong with its route file, so that it keeps the previous table; empty: nothing. Earlier
   * versions do not announce it
   */
  routeFaults: Type.Optional(Reasons)
})
export type Vitals = Static<typeof Vitals>

/** What a live gateway reports about itself. */
export const Announcement = Type.Object({
  /** created at its start: a gateway that restarts has a new id */
  id: Type.String({ minLength: 1, maxLength: 64 }),
  /** for people; not always different from those of the others */
  name: Type.String({ maxLength: 255 }),
  /** the version of the issuer's key set that it has; empty if it has none */
  keySetVersion: Type.String({ maxLength: 128 }),
  /** the ids of the keys with which it verifies tokens */
  kids: Type.Array(Type.String({ maxLength: 128 }), { maxItems: MOST_KIDS }),
  /** how far it has read the revocation log; empty before the first read */
  revocationCursor: Type.String({ maxLength: 64 }),
  /** seconds since the last heartbeat of the auth services that it has read from the log */
  revocationLagSeconds: Type.Number(),
  /** the key for verifying its assertions (RFC 7517), as JSON */
  assertionJwk: Type.String({ maxLength: 1024 }),
  /** earlier versions do not announce it */
  vitals: Type.Optional(Vitals)
})
export type Announcement = Static<typeof Announcement>

/**
 * Whether load balancers send new clients to a gateway, as far as it announces that. A gateway that
 * was just killed still counts.
 */
export const takesClients = ({ vitals }: Pick<Announcement, 'vitals'>): boolean =>
  vitals?.failing === undefined ? vitals?.drained !== true : vitals.failing.length === 0

/** A live gateway, and the time since its last announcement. */
export type LiveGateway = Announcement & { readonly silentMs: number }

/** Above this, a gateway has missed an announcement: it is slow, paused, killed or cut off. */
export const SILENT_MS = 2.5 * ANNOUNCEMENT_INTERVAL_MS

/** The live gateways, as all processes of the system see them. */
export type Fleet = {
  /**
   * Announces a gateway as live for ANNOUNCEMENT_LIFE_MS.
   * @throws if the store is unreachable
   */
  announce(announcement: Announcement): Promise<void>
  /** Removes the announcement: the gateway has drained. */
  leave(id: string): Promise<void>
  /**
   * The live gateways, at most MOST_GATEWAYS: so many may not be all. Those that were listed before
   * come first.
   * @throws if the store is unreachable, because the live gateways are then unknown
   */
  live(): Promise<LiveGateway[]>
  /**
   * The `assertionJwk` of every gateway that was live within KEY_LIFE_MS and has not left.
   * @throws if the store is unreachable
   */
  assertionJwks(): Promise<string[]>
  /** what operators ask gateways */
  readonly questions: Questions
}
