import type { Kysely } from 'kysely'
import { clientIdOf } from '../../clients/client.ts'
import { listOf } from '../../database/statements/stored-list.ts'
import type { Tables } from '../../database/tables.ts'
import type { Account } from '../account.ts'

/**
 * What is stored about an account, apart from its own row and its events. Secrets, and digests of
 * secrets, stay in the database: nobody must be able to sign in with an export.
 */
export type StoredAbout = Awaited<ReturnType<typeof storedAbout>>

/** @param now seconds since 1970, as all times without a unit in their name */
export async function storedAbout(
  db: Kysely<Tables>,
  account: Pick<Account, 'id' | 'email'>,
  now: number
) {
  return {
    authenticators: await authenticatorsOf(db, account.id),
    passkeys: await passkeysOf(db, account.id),
    identities: await identitiesOf(db, account.id),
    recoveryCodes: await recoveryCodesOf(db, account.id),
    sessions: await sessionsOf(db, account.id, now),
    links: await linksOf(db, account)
  }
}

async function authenticatorsOf(db: Kysely<Tables>, subject: string) {
  const rows = await db
    .selectFrom('factors')
    .select(['id', 'name', 'created_at', 'confirmed_at', 'used_at'])
    .where('subject', '=', subject)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(({ id, name, ...row }) => ({
    id,
    name,
    createdAt: row.created_at,
    confirmedAt: row.confirmed_at,
    usedAt: row.used_at
  }))
}

async function passkeysOf(db: Kysely<Tables>, subject: string) {
  const rows = await db
    .selectFrom('passkeys')
    .selectAll()
    .where('subject', '=', subject)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(({ id, name, ...row }) => ({
    id,
    name,
    credentialId: row.credential_id,
    publicKey: row.public_key,
    model: row.aaguid,
    transports: listOf(row.transports),
    signCount: row.counter,
    canBackUp: row.backup_eligible === 1,
    backedUp: row.backed_up === 1,
    createdAt: row.created_at,
    usedAt: row.used_at
  }))
}

async function identitiesOf(db: Kysely<Tables>, subject: string) {
  const rows = await db
    .selectFrom('identities')
    .selectAll()
    .where('subject', '=', subject)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(({ id, issuer, email, ...row }) => ({
    id,
    issuer,
    subject: row.provider_subject,
    email,
    createdAt: row.created_at,
    usedAt: row.used_at,
    provided: row.provided === null ? null : JSON.parse(row.provided)
  }))
}

async function recoveryCodesOf(db: Kysely<Tables>, subject: string): Promise<number> {
  const rows = await db
    .selectFrom('recovery_codes')
    .select('subject')
    .where('subject', '=', subject)
    .execute()
  return rows.length
}

async function sessionsOf(db: Kysely<Tables>, subject: string, now: number) {
  const rows = await db
    .selectFrom('sessions')
    .selectAll()
    .where('subject', '=', subject)
    .where('ended_at_ms', 'is', null)
    .where('expires_at', '>', now)
    .orderBy('opened_at')
    .orderBy('sid')
    .execute()
  return rows.map(({ sid, label, ...row }) => ({
    sid,
    label,
    openedAt: row.opened_at,
    authenticatedAt: row.authenticated_at ?? row.opened_at,
    usedAt: row.used_at,
    expiresAt: row.expires_at,
    methods: listOf(row.amr),
    client: clientIdOf(row.client_id),
    /** empty: that of the account */
    scope: listOf(row.scope)
  }))
}

/**
 * Links to addresses that the user has not proven are left out: there is one only if no other
 * account has the address.
 */
async function linksOf(db: Kysely<Tables>, { id, email }: Pick<Account, 'id' | 'email'>) {
  const rows = await db
    .selectFrom('mail_tokens')
    .select(['purpose', 'email', 'email_typed', 'created_at_ms', 'expires_at', 'used_at_ms'])
    .where('subject', '=', id)
    .where(({ eb, or }) => or([eb('purpose', '!=', 'email-change'), eb('email', '=', email)]))
    .orderBy('created_at_ms')
    .execute()
  return rows.map(({ purpose, ...row }) => ({
    purpose,
    email: row.email_typed ?? row.email,
    createdAtMs: row.created_at_ms,
    expiresAt: row.expires_at,
    usedAtMs: row.used_at_ms
  }))
}
