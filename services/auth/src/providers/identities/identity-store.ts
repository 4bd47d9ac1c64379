import { randomUUID } from 'node:crypto'
import type { Kysely, Selectable } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import type { NoteIdentityUse } from '../../factors/factor-ports.ts'
import type { IdentityTable } from '../identity-table.ts'
import type { ProviderIdentity } from '../protocol/provider-identity.ts'

export type IdentityRow = Selectable<IdentityTable>

/**
 * Whether a linked provider opens a session. After a change of the password, it does not until it
 * is linked again: so a new password also locks out somebody who has linked a provider.
 */
export const opensSession = (
  identity: Pick<IdentityRow, 'password_version'>,
  account: { readonly passwordVersion: number }
): boolean => identity.password_version === account.passwordVersion

export async function findIdentity(
  db: Kysely<Tables>,
  { issuer, subject }: Pick<ProviderIdentity, 'issuer' | 'subject'>
): Promise<IdentityRow | null> {
  const row = await db
    .selectFrom('identities')
    .selectAll()
    .where('issuer', '=', issuer)
    .where('provider_subject', '=', subject)
    .executeTakeFirst()
  return row ?? null
}

/** The linked providers of an account, the oldest first. */
export const listIdentities = (db: Kysely<Tables>, subject: string): Promise<IdentityRow[]> =>
  db
    .selectFrom('identities')
    .selectAll()
    .where('subject', '=', subject)
    .orderBy('created_at')
    .orderBy('id')
    .execute()

type Owner = { readonly id: string; readonly passwordVersion: number }

/** Null if the person is linked already, to this account or another one. */
export async function insertIdentity(
  transaction: Kysely<Tables>,
  { id: subject, passwordVersion }: Owner,
  { issuer, subject: providerSubject, email }: ProviderIdentity,
  nowMs: number
): Promise<IdentityRow | null> {
  const row = await transaction
    .insertInto('identities')
    .values({
      id: randomUUID(),
      subject,
      issuer,
      provider_subject: providerSubject,
      email,
      password_version: passwordVersion,
      created_at: Math.floor(nowMs / 1000)
    })
    .onConflict((conflict) => conflict.columns(['issuer', 'provider_subject']).doNothing())
    .returningAll()
    .executeTakeFirst()
  return row ?? null
}

/** The account has confirmed the link with its current password, or another way in. */
export async function confirmIdentity(
  transaction: Kysely<Tables>,
  id: string,
  { id: subject, passwordVersion }: Owner
): Promise<IdentityRow | null> {
  const row = await transaction
    .updateTable('identities')
    .set({ password_version: passwordVersion })
    .where('id', '=', id)
    .where('subject', '=', subject)
    .returningAll()
    .executeTakeFirst()
  return row ?? null
}

export const noteIdentityUse: NoteIdentityUse = async (
  transaction,
  { id, email },
  { id: subject, passwordVersion },
  nowMs
) => {
  const { numUpdatedRows } = await transaction
    .updateTable('identities')
    .set({ used_at: Math.floor(nowMs / 1000), email })
    .where('id', '=', id)
    .where('subject', '=', subject)
    .where('password_version', '=', passwordVersion)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
