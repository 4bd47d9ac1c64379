import type { Service } from '@gatehouse/http-service/build-service'
import type { AccountStore } from '../accounts/account-store.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { SigningKey } from '../keys/signing-key.ts'
import type { Sessions } from '../sessions/sessions.ts'

/** What the routes work with. */
export type RouteNeeds = {
  readonly accounts: AccountStore
  readonly sessions: Sessions
  readonly audit: AuditLog
  readonly signingKeys: () => readonly SigningKey[]
  readonly newUser: { readonly roles: readonly string[]; readonly scope: readonly string[] }
  readonly allowedOrigins: readonly string[]
  readonly clock: () => number
}

/** One route: a file, a purpose, and what it needs. */
export type Route = (service: Service, needs: RouteNeeds) => void
