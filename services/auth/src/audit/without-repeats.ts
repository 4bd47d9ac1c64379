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
const MINUTE_MS = 60_000
/** the maximum number of combinations that are counted */
const MOST_COUNTED = 50_000

/**
 * An audit log that a flood of refused requests cannot fill. It writes the first few events of a
 * minute. The next one after that minute says how many were left out (`leftOut`). Each process
 * counts for itself, in memory of fixed size.
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

  /** How many events were left out before this one; null if this one is to be left out. */
  const take = ({ kind, subject, source }: AuditEvent): number | null => {
    const key = `${kind} ${subject}`
    const leftOut = takeOfOne(`${key} ${clientNetwork(source.address)}`, 0)
    return leftOut === null ? null : takeOfAll(key, leftOut)
  }

  return {
    ...audit,
    async write(event) {
      if (!REPEATABLE.has(event.kind)) return await audit.write(event)
      const leftOut = take(event)
      if (leftOut === null) return onLeftOut(event.kind)
      await audit.write(leftOut === 0 ? event : { ...event, detail: { ...event.detail, leftOut } })
    }
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
