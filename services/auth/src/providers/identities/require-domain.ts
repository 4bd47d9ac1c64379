import type { RequestSource } from '../../audit/audit-event.ts'
import { domainNotAllowed } from '../provider-refusals.ts'
import { type KnownIdentity, verifiedEmail } from './known-identity.ts'
import { type LinksPorts, withdrawRights } from './take-back-rights.ts'

/**
 * Refuses a person whose verified address is of another domain than the file allows, for a login, a
 * link and a step-up. What the provider gave them before is taken back.
 * @throws Refusal FORBIDDEN
 */
export async function requireDomain(
  ports: LinksPorts,
  known: KnownIdentity,
  source: RequestSource
): Promise<void> {
  const { domains } = known.entry
  if (domains.length === 0) return
  const [, domain] = verifiedEmail(known)?.split('@') ?? []
  if (domain !== undefined && domains.includes(domain)) return
  await withdrawRights(ports, known.identity, source)
  throw domainNotAllowed()
}
