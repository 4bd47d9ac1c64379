import type { Service } from '@gatehouse/http-service/build-service'
import type { ListedProvider } from '../../providers/providers.ts'
import type { AuthSettings } from '../app-settings.ts'
import type { OpenVisit } from './visits/visit.ts'

/** What the settings allow on the pages. */
export type Offer = {
  readonly registration: AuthSettings['registration']
  /** whether passkeys open a session, are second factors only, or cannot be used on these pages */
  readonly passkeys: 'login' | 'factor' | 'off'
  readonly hasMail: boolean
  /** other providers with which users sign in, in the order of the file of the operator */
  readonly providers: readonly ListedProvider[]
  /** the page to which they send browsers back */
  readonly providerReturnUrl: string
}

export type PageOptions = {
  readonly open: OpenVisit
  readonly offer: Offer
  /** whether a proof is recent enough for a change. @param provenAt seconds since 1970 */
  readonly isRecent: (provenAt: number) => boolean
}

/** One page, or one form. */
export type PageRoute = (service: Service, options: PageOptions) => void

/** Pages are no part of the API description. */
export const asPage = { schema: { hidden: true } }
