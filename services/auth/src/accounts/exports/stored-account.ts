import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import type { Account } from '../account.ts'

/**
 * What is stored about an account, apart from its own row and its events. Secrets, and digests of
 * secrets, stay in the database: nobody must be able to sign in with an export. Links to addresses
 * that the user has not proven are left out: there is one only if no other account has the address.
 */
export async function storedAbout(
  db: Kysely<Tables>,
  { id: subject, email }: Pick<Account, 'id' | 'email'>,
  now: number
) {
  return {
    authenticators: await db
      .selectFrom('factors')
      .select(['id', 'name', 'created_at', 'confirmed_at', 'used_at'])
      .where('subject', '=', subject)
      .orderBy('created_at')
      .orderBy('id')
      .execute(),
    passkeys: await db
      .selectFrom('passkeys')
      .selectAll()
      .where('subject', '=', subject)
      .orderBy('created_at')
      .orderBy('id')
      .execute(),
    recoveryCodes: (
      await db
        .selectFrom('recovery_codes')
        .select('subject')
        .where('subject', '=', subject)
        .execute()
    ).length,
    sessions: await db
      .selectFrom('sessions')
      .selectAll()
      .where('subject', '=', subject)
      .where('ended_at_ms', 'is', null)
      .where('expires_at', '>', now)
      .orderBy('opened_at')
      .orderBy('sid')
      .execute(),
    links: await db
      .selectFrom('mail_tokens')
      .select(['purpose', 'email', 'email_typed', 'created_at_ms', 'expires_at', 'used_at_ms'])
      .where('subject', '=', subject)
      .where(({ eb, or }) => or([eb('purpose', '!=', 'email-change'), eb('email', '=', email)]))
      .orderBy('created_at_ms')
      .execute()
  }
}

export type StoredAbout = Awaited<ReturnType<typeof storedAbout>>

/** How many events one response has. */
const PAGE = 500

/**
 * Events of an account, the oldest first.
 * @param afterMs only later ones, in milliseconds since 1970
 * @returns the time of the last one, after which there may be more; null: there are no more
 */
export async function storedEvents(db: Kysely<Tables>, subject: string, afterMs: number) {
  const later = db
    .selectFrom('audit_events')
    .where('subject', '=', subject)
    .where('at_ms', '>', afterMs)
  const last = await later
    .select('at_ms')
    .orderBy('at_ms')
    .offset(PAGE - 1)
    .limit(1)
    .executeTakeFirst()
  // Events have no key, so all events of the same millisecond belong to one page.
  const events = await later
    .select(['at_ms', 'kind', 'sid', 'address', 'request_id', 'detail', 'operator'])
    .where('at_ms', '<=', last?.at_ms ?? Number.MAX_SAFE_INTEGER)
    .orderBy('at_ms')
    .execute()
  return { events, nextMs: last?.at_ms ?? null }
}

export type StoredEvents = Awaited<ReturnType<typeof storedEvents>>
