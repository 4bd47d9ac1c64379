import type { TokenAccount } from '../../accounts/account.ts'
import type { Found } from '../durable/find-session.ts'

/** A session and its account, and whether they come from memory. */
export type KnownState = Found<TokenAccount> & { readonly isRemembered: boolean }
