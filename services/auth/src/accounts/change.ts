import type { Origin } from '../audit/audit-event.ts'
import type { Stale } from '../revocations/stale-tokens.ts'

/** The source of a change to an account, and the tokens that it makes stale. */
export type Change = { readonly stale: Stale; readonly origin: Origin; readonly nowMs: number }
