import type { SealingKeys } from '../secrets/seal.ts'
import type { IdentityPorts } from './identities/identity-ports.ts'
import type { ProviderClient } from './protocol/provider-client.ts'
import type { CountProviderLogin } from './provider-metrics.ts'

/** What logins by other providers depend on. */
export type ProviderPorts = IdentityPorts & {
  readonly sealing: SealingKeys
  /** by the ids of the providers */
  readonly clients: ReadonlyMap<string, ProviderClient>
  /** where a login may return, the default first */
  readonly returnUrls: readonly string[]
  readonly count: CountProviderLogin
}
