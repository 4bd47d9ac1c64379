import { canonicalEmail } from '../../accounts/email-addresses/email.ts'
import type { ProviderIdentity } from '../protocol/provider-identity.ts'
import type { ProviderEntry } from '../provider-entry.ts'

/** A person at a provider of this installation. */
export type KnownIdentity = { readonly entry: ProviderEntry; readonly identity: ProviderIdentity }

/** The address that the provider has verified, in canonical form; null: none. */
export const verifiedEmail = ({ identity: { email, emailVerified } }: KnownIdentity) =>
  emailVerified && email !== null ? canonicalEmail(email) : null
