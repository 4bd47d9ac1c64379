import { signal } from '@preact/signals'
import { ask } from '../api/ask.ts'
import type { AuditChain, AuditFault, AuditVerification } from '../api/operator-api.ts'
import { messageOf } from '../api/problem.ts'

/** How far a verification of the audit log has come. */
export type Verification = {
  readonly state: 'running' | 'stopped' | 'finished' | 'failed'
  /** how many records and signed heads were verified */
  readonly records: number
  readonly heads: number
  /** the number of the last record when it began */
  readonly end: number
  readonly faultCount: number
  /** the first ones */
  readonly faults: readonly AuditFault[]
  /** why it failed */
  readonly reason: string | null
}

const MOST_SHOWN = 100
/** Events get their place in the chain within a second. A fault must be found twice. */
const SETTLED_MS = 2000

/** The newest verification; null: none was begun. */
export const verification = signal<Verification | null>(null)

let running: AbortController | null = null

export const stopVerifying = (): void => running?.abort()

/** Verifies the whole log, part by part. */
export async function verifyLog(): Promise<void> {
  running?.abort()
  const own = new AbortController()
  running = own
  const begun = { state: 'running', records: 0, heads: 0, faultCount: 0, faults: [] } as const
  verification.value = { ...begun, end: 0, reason: null }
  const change = (next: Partial<Verification>): void => {
    if (running === own && verification.value !== null) {
      verification.value = { ...verification.value, ...next }
    }
  }
  try {
    const { last, anchor } = await ask<AuditChain>('GET', '/ops/audit/chain')
    change({ end: last.seq - anchor.seq })
    await verifyFrom(anchor.seq, own.signal, change)
    change({ state: own.signal.aborted ? 'stopped' : 'finished' })
  } catch (error) {
    change({ state: 'failed', reason: messageOf(error) })
  }
}

async function verifyFrom(
  anchor: number,
  signal: AbortSignal,
  change: (next: Partial<Verification>) => void
): Promise<void> {
  let [after, afterHead] = [anchor, 0]
  let [heads, faultCount] = [0, 0]
  const faults: AuditFault[] = []
  while (!signal.aborted) {
    const part = await verifyPart(after, afterHead)
    heads += part.lastHead === null ? 0 : part.lastHead - afterHead
    faultCount += part.faultCount
    faults.push(...part.faults.slice(0, MOST_SHOWN - faults.length))
    after = part.lastRecord ?? after
    afterHead = part.lastHead ?? afterHead
    change({ records: after - anchor, heads, faultCount, faults: [...faults] })
    if (part.isEnd) return
  }
}

/** The log changes while it is read, so a fault is looked at again. */
async function verifyPart(after: number, afterHead: number): Promise<AuditVerification> {
  const query = new URLSearchParams({
    after: String(after),
    afterHead: String(afterHead),
    limit: '1000'
  })
  const path = `/ops/audit/verification?${query}`
  const first = await ask<AuditVerification>('GET', path)
  if (first.faultCount === 0) return first
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS))
  return await ask<AuditVerification>('GET', path)
}
