import type { AuditEvent } from '../api/responses.ts'

export type DrillName = 'revoke' | 'theft' | 'rotation'

/** A drill that was run. */
export type DrillRun = {
  readonly at: string
  readonly operator: string | null
  readonly drill: DrillName
  readonly passed: boolean
  readonly asked: number
  readonly live: number
  /** how long the slowest gateway took to refuse a revoked token; null: it was not measured */
  readonly worstMs: number | null
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly requests: number | null
  /** why it failed */
  readonly reason: string | null
}

const names: readonly string[] = ['revoke', 'theft', 'rotation']

/** The runs among events of the audit log, the newest first. */
export const runsOf = (events: readonly AuditEvent[]): DrillRun[] => events.flatMap(runOf)

function runOf({ kind, at, operator, detail }: AuditEvent): DrillRun[] {
  const { drill, outcome, reason } = detail
  if (kind !== 'drill-run' || !names.includes(String(drill))) return []
  return [
    {
      at,
      operator,
      drill: drill as DrillName,
      passed: outcome === 'passed',
      asked: Number(detail.asked),
      live: Number(detail.live),
      worstMs: numberOf(detail.worstMs),
      p50Ms: numberOf(detail.p50Ms),
      p99Ms: numberOf(detail.p99Ms),
      requests: numberOf(detail.requests),
      reason: typeof reason === 'string' ? reason : null
    }
  ]
}

const numberOf = (value: number | string | undefined): number | null =>
  typeof value === 'number' ? value : null

/** What a run measured, in words. */
export function resultText({ drill, passed, reason, ...run }: DrillRun): string {
  if (!passed) return reason ?? 'It failed.'
  const { p50Ms, p99Ms, worstMs, requests } = run
  if (drill === 'rotation') return `None of ${requests} requests failed.`
  if (drill === 'theft') return `The slowest gateway refused the thief after ${worstMs} ms.`
  return `Half of the refusals within ${p50Ms} ms, 99 % within ${p99Ms} ms, all within ${worstMs} ms.`
}
