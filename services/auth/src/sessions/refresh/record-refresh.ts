import type { AuditLog } from '../../audit/audit-log.ts'
import { ifAvailable } from '../../if-available.ts'
import { type DurableSession, isDue } from '../durable/durable-session.ts'
import type { Presentation, Presented } from '../families/families.ts'
import type { SessionState } from '../session-state.ts'
import { refreshEvent } from './refresh-event.ts'

/** Writes the audit event of a refresh, records a reuse as an end, and notes the use. */
type RecordRefresh = (
  presentation: Presentation,
  presented: Presented,
  session: DurableSession | null
) => Promise<void>

export function recordRefresh(
  options: Pick<SessionState, 'durable' | 'ends' | 'policy'> & {
    audit: AuditLog
    clock: () => number
  }
): RecordRefresh {
  const { durable, ends, policy, audit, clock } = options
  const now = () => Math.floor(clock() / 1000)
  const isUseDue = isDue(policy, clock)
  return async (presentation, presented, session) => {
    const { subject, sid } = presentation
    const { outcome, after, atMs } = presented
    const event = refreshEvent(presentation, presented)
    if (outcome === 'reused') {
      const { source } = presentation
      const detail = event?.detail ?? {}
      await ends.record({ kind: 'refresh-reused', subject, sid, source, detail, atMs })
      return
    }
    if (event !== null) await audit.write(event)
    if (outcome === 'ended' || after === null) return
    if (session === null) await ifAvailable(durable.adopt(subject, sid, after, now()))
    else if (isUseDue(session)) await ifAvailable(durable.touch(sid, now()))
  }
}
