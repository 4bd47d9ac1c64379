import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import type { KeyRing } from '../../secrets/key-ring.ts'
import type { PasskeyPolicy } from './relying-party.ts'

/** What passkeys depend on. */
export type PasskeyPorts = {
  readonly db: Kysely<Tables>
  readonly ring: KeyRing
  readonly passkeys: PasskeyPolicy
  /** the name that authenticators show */
  readonly issuer: string
  readonly clock: () => number
}
