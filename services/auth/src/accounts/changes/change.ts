import type { By } from '../../audit/audit-event.ts'
import type { Stale } from '../../revocations/stale-tokens.ts'

/** The source of a change to an account, and the tokens that a change made now makes stale. */
export type Change = By & { readonly stale: () => Stale }
