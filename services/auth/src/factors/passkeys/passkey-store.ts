import type { Kysely, Selectable } from 'kysely'
import { listOf } from '../../database/statements/stored-list.ts'
import type { Tables } from '../../database/tables.ts'
import type { PasskeyTable } from '../factor-table.ts'

export type PasskeyRow = Selectable<PasskeyTable>

/**
 * Whether a passkey opens a session without the password. After a change of the password, it does
 * not until both were used together: so a new password also locks out somebody who has added a
 * passkey.
 */
export const opensAlone = (
  passkey: Pick<PasskeyRow, 'password_version'>,
  account: { readonly passwordVersion: number }
): boolean => passkey.password_version === account.passwordVersion

/** The passkeys of an account, the oldest first. */
export const listPasskeys = (db: Kysely<Tables>, subject: string): Promise<PasskeyRow[]> =>
  db
    .selectFrom('passkeys')
    .selectAll()
    .where('subject', '=', subject)
    .orderBy('created_at')
    .orderBy('id')
    .execute()

/** @param credentialId base64url, as the authenticator chose it */
export async function findPasskey(
  db: Kysely<Tables>,
  credentialId: string
): Promise<PasskeyRow | null> {
  const row = await db
    .selectFrom('passkeys')
    .selectAll()
    .where('credential_id', '=', credentialId)
    .executeTakeFirst()
  return row ?? null
}

/** What an authenticator says about a passkey when it uses it. */
export type PasskeyUse = {
  readonly id: string
  /** how often it was used; 0: the authenticator does not count */
  readonly counter: number
  readonly backedUp: boolean
  /** the version of the password that the same login has proved; null: none */
  readonly passwordVersion: number | null
}

/**
 * Notes a use. The update decides: if another request has raised the counter meanwhile, or removed
 * the passkey, this one gets false.
 */
export async function notePasskeyUse(
  transaction: Kysely<Tables>,
  { id, counter, backedUp, passwordVersion }: PasskeyUse,
  nowMs: number
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('passkeys')
    .set({
      counter,
      backed_up: backedUp ? 1 : 0,
      used_at: Math.floor(nowMs / 1000),
      ...(passwordVersion === null ? {} : { password_version: passwordVersion })
    })
    .where('id', '=', id)
    .where('counter', counter === 0 ? '=' : '<', counter)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** The only type of a credential (WebAuthn §5.10.2). */
export const PUBLIC_KEY = 'public-key' as const

/** A passkey as options name it for a browser (WebAuthn §5.10.3). */
export const descriptorOf = ({ credential_id: id, transports }: PasskeyRow) => ({
  id,
  type: PUBLIC_KEY,
  transports: listOf(transports)
})

/** A passkey as its user sees it. */
export const ownPasskey = ({ id, name, created_at, used_at, backed_up }: PasskeyRow) => ({
  id,
  kind: 'passkey' as const,
  name,
  createdAt: created_at,
  usedAt: used_at,
  backedUp: backed_up === 1
})

/** The id of an account as authenticators store it, in base64url: it names no person. */
export const userHandleOf = (subject: string): string => Buffer.from(subject).toString('base64url')
