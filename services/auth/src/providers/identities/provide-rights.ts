import type { Kysely } from 'kysely'
import type { Account } from '../../accounts/account.ts'
import { rightsFault, withProvided } from '../../accounts/account-rights.ts'
import { accountStore } from '../../accounts/account-store.ts'
import { mustHaveFactor } from '../../accounts/needs-factor.ts'
import type { ProvidedRights } from '../../accounts/provided-rights.ts'
import type { RequestSource } from '../../audit/audit-event.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import { endSessions } from '../../database/end-sessions.ts'
import type { Tables } from '../../database/tables.ts'
import { noteStale, otherRights } from '../../revocations/stale-tokens.ts'
import type { MappedRights } from '../mapping/mapped-rights.ts'
import { mappedUntil } from '../mapping/mapping-rules.ts'
import type { IdentityPorts } from './identity-ports.ts'
import { type IdentityRow, listIdentities, opensSession } from './identity-store.ts'
import type { KnownIdentity } from './known-identity.ts'

/** Who causes a change of the rights. */
type Cause = {
  /** the session; null: a login, or an operator */
  readonly sid: string | null
  readonly source: RequestSource
  readonly nowMs: number
}

export type RightsPorts = Pick<IdentityPorts, 'entries' | 'factorPolicy' | 'stale' | 'log'>

/** As a column has it; null: none. */
export const storedRights = (rights: MappedRights): string | null =>
  rights.roles.length === 0 && rights.claims.length === 0 ? null : JSON.stringify(rights)

/** Stores what a provider now says about the rights of its user. */
export async function noteRights(
  transaction: Kysely<Tables>,
  { id }: Pick<IdentityRow, 'id'>,
  { entry, identity: { rights } }: KnownIdentity,
  nowMs: number
): Promise<void> {
  // An earlier version received the login: it is not known what the provider says.
  if (rights === undefined) return
  const provided = storedRights(rights)
  const until = provided === null ? null : mappedUntil(entry, nowMs)
  await transaction
    .updateTable('identities')
    .set({ provided, provided_until: until })
    .where('id', '=', id)
    .execute()
}

/**
 * Gives an account the rights that its linked providers now give, and takes back all others that
 * came from a provider. What operators have set stays. If the rights change, earlier tokens are
 * stale. If the new roles demand a second factor that the account does not have, its sessions end.
 * The transaction has locked the account.
 * @returns the account as it is now; null if it is gone
 */
export async function provideRights(
  transaction: Kysely<Tables>,
  subject: string,
  ports: RightsPorts,
  cause: Cause
): Promise<Account | null> {
  const account = await accountStore(transaction).findById(subject)
  if (account === null) return null
  const links = await listIdentities(transaction, subject)
  const provided = fitting(account, providedBy(links, account, ports), ports)
  if (JSON.stringify(provided) === JSON.stringify(account.provided)) return account
  const changed = withProvided(account, provided)
  const stored = { provided: provided.length === 0 ? null : JSON.stringify(provided) }
  const events = eventsOf(account, changed)
  if (events.length === 0) {
    await transaction.updateTable('accounts').set(stored).where('id', '=', subject).execute()
    return changed
  }
  const made = ports.stale.now()
  const { rights_version } = await transaction
    .updateTable('accounts')
    .set({ ...stored, ...otherRights(made) })
    .where('id', '=', subject)
    .returning('rights_version')
    .executeTakeFirstOrThrow()
  await endWithoutFactor(transaction, changed, ports, cause)
  await noteStale(transaction, subject, made, rights_version)
  for (const event of events) {
    const { sid, source, nowMs } = cause
    await writeAudit(transaction, { ...event, subject, sid, source }, nowMs)
  }
  return await accountStore(transaction).findById(subject)
}

/** What the links of an account give, the first provider of the file first. */
function providedBy(
  links: readonly IdentityRow[],
  account: Account,
  { entries }: RightsPorts
): ProvidedRights[] {
  return entries.flatMap(({ issuer, id: provider }) =>
    links
      .filter((link) => link.issuer === issuer && opensSession(link, account))
      .flatMap(({ id: identity, provided, password_version: passwordVersion }) => {
        if (provided === null) return []
        const { roles, claims }: MappedRights = JSON.parse(provided)
        const mapped = {
          roles: roles.map(({ role }) => role),
          claims: Object.fromEntries(claims.map(({ name, value }) => [name, value]))
        }
        return [{ identity, provider, passwordVersion, ...mapped }]
      })
  )
}

/** Without the rights of a link with which the account would have too many for its tokens. */
function fitting(
  account: Account,
  provided: readonly ProvidedRights[],
  { log }: RightsPorts
): ProvidedRights[] {
  const fit: ProvidedRights[] = []
  for (const one of provided) {
    if (rightsFault(withProvided(account, [...fit, one])) === null) {
      fit.push(one)
      continue
    }
    const { provider } = one
    log.warn({ provider, subject: account.id }, 'the rights of a provider do not fit in a token')
  }
  return fit
}

/** The events of a change; none if the rights are the same. */
function eventsOf(before: Account, after: Account) {
  const missing = (from: readonly string[], other: readonly string[]) =>
    from.filter((one) => !other.includes(one)).join(' ')
  const added = missing(after.roles, before.roles)
  const removed = missing(before.roles, after.roles)
  const hasOtherClaims = JSON.stringify(before.claims) !== JSON.stringify(after.claims)
  const by = { by: 'provider' }
  return [
    ...(added === '' && removed === ''
      ? []
      : [{ kind: 'roles-changed', detail: { ...by, added, removed } } as const]),
    ...(hasOtherClaims ? [{ kind: 'claims-changed', detail: by } as const] : [])
  ]
}

/** Sessions that have proved no second factor must not get roles that demand one. */
async function endWithoutFactor(
  transaction: Kysely<Tables>,
  account: Account,
  { factorPolicy }: RightsPorts,
  { sid, source, nowMs }: Cause
): Promise<void> {
  if (account.factors > 0 || !mustHaveFactor(account, factorPolicy)) return
  const ended = await endSessions(transaction, account.id, null, nowMs)
  if (ended.length === 0) return
  const about = { subject: account.id, sid, source, detail: { ended: ended.length } }
  await writeAudit(transaction, { kind: 'logout-all', ...about }, nowMs)
}
