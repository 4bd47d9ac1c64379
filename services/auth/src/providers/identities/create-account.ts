import type { Account } from '../../accounts/account.ts'
import { insertAccount } from '../../accounts/account-store.ts'
import { typedEmail } from '../../accounts/email-addresses/email.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import type { Reader } from '../../mail/queue/queued-mail.ts'
import { type Found, foundWithRights, Overtaken } from './found-account.ts'
import type { IdentityPorts } from './identity-ports.ts'
import { insertIdentity } from './identity-store.ts'
import type { KnownIdentity } from './known-identity.ts'

/** An account without a password, for a person whose address the provider has verified. */
export const createAccount = (
  ports: IdentityPorts,
  known: KnownIdentity,
  person: Pick<Account, 'email' | 'roles' | 'scope'>,
  { source }: Reader
): Promise<Found> =>
  ports.db.transaction().execute(async (transaction) => {
    const nowMs = ports.clock()
    const emailTyped = typedEmail(known.identity.email ?? person.email)
    const made = { ...person, emailTyped, passwordHash: '', emailVerified: true }
    const account = await insertAccount(transaction, made, { source, clock: () => nowMs })
    if (account === null) throw new Overtaken()
    const row = await insertIdentity(transaction, account, known.identity, nowMs)
    if (row === null) throw new Overtaken()
    const detail = { provider: known.entry.id }
    const about = { subject: account.id, sid: null, source, detail }
    await writeAudit(transaction, { kind: 'identity-linked', ...about }, nowMs)
    const cause = { sid: null, source, nowMs }
    return await foundWithRights(transaction, ports, { account, row }, known, cause)
  })
