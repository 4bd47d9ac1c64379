import type { Service } from '@gatehouse/http-service/build-service'
import type { Mail } from '../../mail/mail.ts'
import type { KeyRing } from '../../secrets/key-ring.ts'
import type { AuthSettings } from '../app-settings.ts'
import type { AuthState } from '../auth-state.ts'
import type { LimitAddress } from './limit-address.ts'

/** What the routes depend on. */
export type PublicRouteOptions = Pick<
  AuthState,
  | 'accounts'
  | 'emailChanges'
  | 'emailVerifications'
  | 'factors'
  | 'invitations'
  | 'keys'
  | 'passwordResets'
  | 'providers'
  | 'revocations'
  | 'sessions'
  | 'throttling'
> & {
  readonly mail: Mail
  readonly settings: AuthSettings
  readonly ring: KeyRing
  readonly limitAddress: LimitAddress
  readonly clock: () => number
}

/** A route: one file with one purpose. */
export type Route = (service: Service, options: PublicRouteOptions) => void
