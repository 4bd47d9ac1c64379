import type { Origin } from '../audit/audit-event.ts'
import type { Stale } from '../revocations/stale-tokens.ts'

/** Who changes an account, and which of its tokens the change makes stale. */
export type Change = { readonly stale: Stale; readonly origin: Origin; readonly nowMs: number }
