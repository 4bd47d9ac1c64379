import type { OpsClient } from '../../client/ops-client.ts'
import { Refused } from '../../failures.ts'

/** What a drill measured, by the names that the audit log has. */
export type DrillFigures = {
  readonly rounds?: number
  readonly clients?: number
  readonly requests?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  readonly worstMs?: number
}

/** How a drill ended. */
type DrillRun = {
  readonly drill: 'revoke' | 'rotation' | 'theft'
  readonly passed: boolean
  readonly gateways: { readonly asked: number; readonly live: number }
  readonly figures: DrillFigures
  /** why it failed */
  readonly reason?: string
}

const LONGEST_REASON = 500

/**
 * Writes the result into the audit log, which is the history of drills. Returns whether that was
 * possible; the result itself matters more.
 */
export async function recordDrill(ops: OpsClient, { reason, ...run }: DrillRun): Promise<boolean> {
  const why = reason === undefined ? {} : { reason: reason.slice(0, LONGEST_REASON) }
  try {
    await ops.call('POST', '/ops/drills', { ...run, ...why })
    return true
  } catch (error) {
    if (error instanceof Refused) return false
    throw error
  }
}
