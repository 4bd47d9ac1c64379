import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import { LRUCache } from 'lru-cache'
import type { AuditEvent, AuditKind } from './audit-event.ts'
import type { AuditLog } from './audit-log.ts'

/** Events that anyone can cause any number of times, without a right password or a live session. */
const REPEATABLE: ReadonlySet<AuditKind> = new Set<AuditKind>([
  'login-failed',
  'client-authentication-failed',
  'invitation-refused',
  'refresh-ended',
  'refresh-replayed'
])
/** per kind, subject and network */
const MOST_IN_A_MINUTE = 5
const MINUTE_MS = 60_000
/** the maximum number of combinations that are counted */
const MOST_COUNTED = 50_000

type Counted = { endsAtMs: number; written: number; leftOut: number }

/**
 * An audit log that a flood of refused requests cannot fill. It writes the first few events of a
 * minute. The next one after that minute says how many were left out (`leftOut`). Each process
 * counts for itself, in memory of fixed size.
 * @param onLeftOut is called with the kind of each event that is left out
 */
export function withoutRepeats(
  audit: AuditLog,
  clock: () => number,
  onLeftOut: (kind: AuditKind) => void = () => {}
): AuditLog {
  const counts = new LRUCache<string, Counted>({ maxSize: MOST_COUNTED, sizeCalculation: () => 1 })

  /** How many events were left out before this one; null if this one is to be left out. */
  const count = ({ kind, subject, origin }: AuditEvent): number | null => {
    const key = `${kind} ${subject} ${clientNetwork(origin.address)}`
    const nowMs = clock()
    const known = counts.get(key)
    if (known === undefined || nowMs >= known.endsAtMs) {
      counts.set(key, { endsAtMs: nowMs + MINUTE_MS, written: 1, leftOut: 0 })
      return known?.leftOut ?? 0
    }
    if (known.written === MOST_IN_A_MINUTE) {
      known.leftOut += 1
      return null
    }
    known.written += 1
    return 0
  }

  return {
    ...audit,
    async write(event) {
      if (!REPEATABLE.has(event.kind)) return await audit.write(event)
      const leftOut = count(event)
      if (leftOut === null) return onLeftOut(event.kind)
      await audit.write(leftOut === 0 ? event : { ...event, detail: { ...event.detail, leftOut } })
    }
  }
}
