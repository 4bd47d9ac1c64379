import { canonicalEmail } from '../../accounts/email-addresses/email.ts'
import type { ProviderIdentity } from '../protocol/provider-identity.ts'
import type { ProviderEntry } from '../provider-entry.ts'
import { domainNotAllowed } from '../provider-refusals.ts'

/** A person at a provider of this installation. */
export type KnownIdentity = { readonly entry: ProviderEntry; readonly identity: ProviderIdentity }

/** The address that the provider has verified, in canonical form; null: none. */
export const verifiedEmail = ({ identity: { email, emailVerified } }: KnownIdentity) =>
  emailVerified && email !== null ? canonicalEmail(email) : null

/** @throws Refusal FORBIDDEN if the provider signs in only users of other domains */
export function requireDomain(known: KnownIdentity): void {
  const { domains } = known.entry
  if (domains.length === 0) return
  const [, domain] = verifiedEmail(known)?.split('@') ?? []
  if (domain === undefined || !domains.includes(domain)) throw domainNotAllowed()
}
