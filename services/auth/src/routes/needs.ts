import type { AllowsOrigin } from '@gatehouse/edge-headers/web-origin'
import type { Service } from '@gatehouse/http-service/build-service'
import type { AccountStore } from '../accounts/account-store.ts'
import type { CheckCredentials } from '../accounts/check-credentials.ts'
import type { Passwords } from '../accounts/passwords.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Guesses } from '../guesses/guesses.ts'
import type { CheckInvitation } from '../invitations/check-invitation.ts'
import type { InvitationStore } from '../invitations/invitation-store.ts'
import type { LiveSigningKeys } from '../keys/live-signing-keys.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { SessionEnds } from '../sessions/session-ends.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { LimitAddress } from './limit-address.ts'
import type { CookieSameSite } from './refresh-cookie.ts'

/** The roles and scope of a new user. */
export type NewUser = { readonly roles: readonly string[]; readonly scope: readonly string[] }

/** What the routes depend on. */
export type RouteNeeds = {
  readonly accounts: AccountStore
  readonly passwords: Passwords
  readonly checkCredentials: CheckCredentials
  readonly guesses: Guesses
  readonly sessions: Sessions
  readonly ends: SessionEnds
  readonly ring: KeyRing
  readonly limitAddress: LimitAddress
  readonly audit: AuditLog
  readonly signingKeys: Pick<LiveSigningKeys, 'held' | 'read'>
  readonly newUser: NewUser
  /** other origins whose pages may use our cookies */
  readonly allowsOrigin: AllowsOrigin
  readonly cookieSameSite: CookieSameSite
  /** who may create an account: everybody, only people with an invitation, or only operators */
  readonly registration: 'open' | 'invite' | 'off' | 'closed'
  readonly invitations: InvitationStore
  readonly checkInvitation: CheckInvitation
  readonly clock: () => number
}

/** A route: one file with one purpose. */
export type Route = (service: Service, needs: RouteNeeds) => void
