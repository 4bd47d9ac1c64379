import type { Fleet } from '@gatehouse/fleet/fleet'
import type { Service } from '@gatehouse/http-service/build-service'
import type { Check } from '@gatehouse/process/findings'
import type { NewUser } from '../app-settings.ts'
import type { AuthState } from '../auth-state.ts'

/** What the operators' API says about this process and its stores. */
export type Installation = {
  /** as in `GET /readyz` */
  readonly checks: Readonly<Record<string, Check>>
  readonly sessionStore: 'sqlite' | 'redis'
  /** 0: keys are not rotated by a schedule */
  readonly keyRotationDays: number
}

/** What the operators' API depends on. */
export type OpsApiOptions = Omit<
  AuthState,
  'emailChanges' | 'emailVerifications' | 'passwordResets' | 'tokens'
> & {
  readonly fleet: Pick<Fleet, 'live' | 'questions'>
  readonly newUser: NewUser
  readonly clock: () => number
  readonly installation: Installation
  /**
   * Whether a stream of events stays open. A primary process passes on whole responses only, so a
   * worker ends its stream, and the client comes back for more.
   */
  readonly followsEvents: boolean
}

/** One group of routes of the operators' API. */
export type OpsRoutes = (service: Service, options: OpsApiOptions) => void
