import type { Fleet } from '@gatehouse/fleet/fleet'
import type { Service } from '@gatehouse/http-service/build-service'
import type { NewUser } from '../app-settings.ts'
import type { AuthState } from '../auth-state.ts'

/** What the operators' API depends on. */
export type OpsApiOptions = Omit<
  AuthState,
  'emailChanges' | 'emailVerifications' | 'passwordResets' | 'tokens'
> & {
  readonly fleet: Pick<Fleet, 'live'>
  readonly newUser: NewUser
  readonly clock: () => number
  /**
   * Whether a stream of events stays open. A primary process passes on whole responses only, so a
   * worker ends its stream, and the client comes back for more.
   */
  readonly followsEvents: boolean
}

/** One group of routes of the operators' API. */
export type OpsRoutes = (service: Service, options: OpsApiOptions) => void
