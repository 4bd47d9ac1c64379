import type { CompiledQuery } from 'kysely'
import { Counter, type Registry } from 'prom-client'
import { type AuditKind, auditKinds, OPERATOR_ADDRESS } from './audit-event.ts'
import { type InsertedEvent, insertedEvents } from './inserted-events.ts'

/** Why sessions end. */
const reasons = [
  'logout',
  'logout_all',
  'ended',
  'evicted',
  'reused',
  'password',
  'factor',
  'deletion',
  'operator',
  'expired'
] as const
type Reason = (typeof reasons)[number]

/** The events that are ends of sessions. Those of operators have the reason `operator`. */
const reasonOf: Partial<Record<AuditKind, Reason>> = {
  logout: 'logout',
  'logout-all': 'logout_all',
  'session-ended': 'ended',
  'session-evicted': 'evicted',
  'refresh-reused': 'reused',
  'password-reset': 'password',
  'factor-added': 'factor',
  'factors-reset': 'operator',
  'password-set': 'operator',
  'user-disabled': 'operator',
  'deletion-requested': 'deletion',
  'user-deleted': 'deletion',
  'all-sessions-ended': 'operator'
}

export type AuditMetrics = {
  /** Counts the audit events among inserts that have taken effect. */
  readonly inserted: (inserts: readonly CompiledQuery[]) => void
  /** Counts an event that was left out because there were too many of its kind. */
  readonly leftOut: (kind: AuditKind) => void
  /** Counts sessions that expired. */
  readonly expired: (count: number) => void
}

/** Each session that is opened or ended has an audit event in the same transaction. */
export function auditMetrics(metrics: Registry): AuditMetrics {
  const counters = auditCounters(metrics)
  return {
    inserted(inserts) {
      const written = insertedEvents(inserts)
      const isOfPassword = written.some(({ kind }) => kind === 'password-changed')
      for (const event of written) countEvent(event, isOfPassword, counters)
    },
    leftOut: (kind) => counters.leftOut.inc({ kind }),
    expired: (count) => counters.ended.inc({ reason: 'expired' }, count)
  }
}

type AuditCounters = ReturnType<typeof auditCounters>

function auditCounters(metrics: Registry) {
  const registers = [metrics]
  const events = new Counter({
    name: 'auth_audit_events_total',
    help: 'Events written to the audit log, by kind',
    labelNames: ['kind'],
    registers
  })
  const leftOut = new Counter({
    name: 'auth_audit_events_left_out_total',
    help: 'Events left out of the audit log because there were too many of their kind',
    labelNames: ['kind'],
    registers
  })
  const opened = new Counter({
    name: 'auth_sessions_opened_total',
    help: 'Sessions that were opened',
    registers
  })
  const ended = new Counter({
    name: 'auth_sessions_ended_total',
    help: 'Sessions that ended, by reason',
    labelNames: ['reason'],
    registers
  })
  // Without a zero, `increase()` of Prometheus does not see the first one of a process.
  for (const kind of auditKinds) events.inc({ kind }, 0)
  for (const reason of reasons) ended.inc({ reason }, 0)
  return { events, leftOut, opened, ended }
}

/** @param isOfPassword whether a change of the password wrote the event */
function countEvent(
  event: InsertedEvent,
  isOfPassword: boolean,
  { events, opened, ended }: AuditCounters
): void {
  events.inc({ kind: event.kind })
  if (event.kind === 'login') opened.inc()
  const known = reasonOf[event.kind]
  if (known === undefined) return
  const { ended: count = 1 }: { ended?: number } = JSON.parse(event.detail)
  const own = isOfPassword ? 'password' : known
  ended.inc({ reason: event.address === OPERATOR_ADDRESS ? 'operator' : own }, count)
}
