import { effect } from '@preact/signals'
import { ask } from '../api/ask.ts'
import type { Approval } from '../api/problem.ts'
import { missed, recent } from '../live/live.ts'
import { loaded } from '../parts/loaded.tsx'

/** Requests that wait for a second operator, and approvals that were not used. */
export const waiting = loaded(
  async () => (await ask<{ approvals: Approval[] }>('GET', '/ops/approvals')).approvals
)

/** Those that are known. */
export const knownWaiting = (): readonly Approval[] => waiting.content.value ?? []

/** Events after which the list is another one; a change uses its approval up. */
const kinds = ['approval-requested', 'request-approved', 'request-rejected']

/** Follows the list. Returns how to stop. */
export function followWaiting(): () => void {
  let seen = 0
  const endReading = missed.subscribe(() => void waiting.read())
  const endFollowing = effect(() => {
    const [newest] = recent.value
    if (newest === undefined || newest.seq <= seen) return
    const isOfApproval = recent.value.some(({ seq, kind }) => seq > seen && kinds.includes(kind))
    seen = newest.seq
    if (isOfApproval || (waiting.content.peek() ?? []).length > 0) void waiting.read()
  })
  return () => {
    endReading()
    endFollowing()
  }
}
