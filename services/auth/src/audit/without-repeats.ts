import { createHmac, randomBytes } from 'node:crypto'
import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import { LRUCache } from 'lru-cache'
import type { AuditEvent, AuditKind } from './audit-event.ts'
import type { AuditLog } from './audit-log.ts'

/** Events that can be caused any number of times without a live session. */
const REPEATABLE: ReadonlySet<AuditKind> = new Set<AuditKind>([
  'login-failed',
  'factor-required',
  'factor-failed',
  'client-authentication-failed',
  'invitation-refused',
  'mail-token-refused',
  'refresh-ended',
  'refresh-replayed'
])
/** per kind, subject and network */
const MOST_OF_ONE_NETWORK = 5
/** per kind and subject, from all networks: one caller can have millions of IPv6 networks */
const MOST_OF_ALL_NETWORKS = 60
/** of all subjects, because failed logins may name any number of unknown addresses */
const MOST_FAILED_LOGINS = 1200
/** among which the names of unknown subjects are divided */
const UNKNOWN_SUBJECTS = 1024
const MINUTE_MS = 60_000
/** the maximum number of combinations that are counted */
const MOST_COUNTED = 50_000

/**
 * An audit log that a flood of refused requests cannot fill. It writes the first few events of a
 * minute. The next one after that minute says how many were left out (`leftOut`). Each process
 * counts for itself, in memory of fixed size.
 *
 * Whether an event is written does not depend on whether its subject is known. A request whose
 * event is left out is answered earlier, which would show who has an account.
 * @param monotonicClock in milliseconds
 * @param onLeftOut is called with the kind of each event that is left out
 */
export function withoutRepeats(
  audit: AuditLog,
  monotonicClock: () => number,
  onLeftOut: (kind: AuditKind) => void = () => {}
): AuditLog {
  const takeOfOne = firstOfMinute(MOST_OF_ONE_NETWORK, monotonicClock)
  const takeOfAll = firstOfMinute(MOST_OF_ALL_NETWORKS, monotonicClock)
  const takeOfLogins = firstOfMinute(MOST_FAILED_LOGINS, monotonicClock)
  const unknownSubject = unknownSubjects()

  /** How many events were left out before this one; null if this one is to be left out. */
  const take = ({ kind, subject, source }: AuditEvent, claimed: string): number | null => {
    const unknown = unknownSubject(claimed)
    const key = `${kind} ${subject ?? unknown}`
    const ofOne = takeOfOne(`${key} ${clientNetwork(source.address)}`, 0)
    const ofAll = ofOne === null ? null : takeOfAll(key, ofOne)
    return ofAll === null || kind !== 'login-failed' ? ofAll : takeOfLogins(kind, ofAll)
  }

  return {
    ...audit,
    async write(event, claimed = '') {
      if (!REPEATABLE.has(event.kind)) return await audit.write(event)
      const leftOut = take(event, claimed)
      if (leftOut === null) return onLeftOut(event.kind)
      await audit.write(leftOut === 0 ? event : { ...event, detail: { ...event.detail, leftOut } })
    }
  }
}

/**
 * Under which of a fixed number of keys a claimed name is counted. Nobody outside can choose it.
 */
function unknownSubjects(): (claimed: string) => string {
  const key = randomBytes(32)
  return (claimed) => {
    const digest = createHmac('sha256', key).update(claimed).digest()
    return `unknown ${digest.readUInt32BE() % UNKNOWN_SUBJECTS}`
  }
}

type Counted = { endsAtMs: number; taken: number; leftOut: number }

/**
 * Admits the first events of each key in a minute, and counts the others.
 * @returns a function that decides about one event. `others`: how many omitted events the event
 * already represents. Returns null if the event is omitted, otherwise how many it represents now
 */
function firstOfMinute(most: number, monotonicClock: () => number) {
  const counts = new LRUCache<string, Counted>({ maxSize: MOST_COUNTED, sizeCalculation: () => 1 })
  return (key: string, others: number): number | null => {
    const nowMs = monotonicClock()
    const known = counts.get(key)
    if (known === undefined || nowMs >= known.endsAtMs) {
      counts.set(key, { endsAtMs: nowMs + MINUTE_MS, taken: 1, leftOut: 0 })
      return others + (known?.leftOut ?? 0)
    }
    if (known.taken === most) {
      known.leftOut += others + 1
      return null
    }
    known.taken += 1
    return others
  }
}
