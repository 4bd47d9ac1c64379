import { createHash, randomBytes } from 'node:crypto'
import type { Kysely, Selectable } from 'kysely'
import type { By } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import type { OperatorLinkTable, OperatorSessionTable } from './console-tables.ts'

/**
 * The two secrets of a session. The browser sends the cookie by itself, with requests to other
 * ports of the host too. Only a page of the console's own origin knows the proof. Neither is
 * enough alone.
 */
export type ConsoleSecrets = { readonly cookie: string; readonly proof: string }

/** A session, and the token whose operator opened it. */
export type ConsoleSession = {
  readonly digest: string
  readonly tokenDigest: string
  /** seconds since 1970 */
  readonly expiresAt: number
}

/** The sessions of operators in the console. */
export type ConsoleSessions = {
  /** Returns the secret of a link that opens one session for the operator with this token. */
  makeLink(tokenDigest: string, lifetimeSeconds: number): Promise<ConsoleLink>
  /** The token of a link that was not followed yet; null if there is none. */
  followLink(code: string): Promise<string | null>
  open(tokenDigest: string): Promise<ConsoleSecrets & { readonly expiresAt: number }>
  /**
   * The live session with these secrets; null if there is none.
   * @param isUse whether its operator causes the request: only that prolongs the session
   */
  find(secrets: ConsoleSecrets, isUse: boolean): Promise<ConsoleSession | null>
  /** The token of a live session, null if it has ended; does not count as a use. */
  liveToken(digest: string): Promise<string | null>
  end(digest: string): Promise<void>
  /**
   * Ends all sessions of the operator with this token, and makes the links void. One transaction,
   * with its event. Returns how many sessions have ended.
   */
  endAll(operator: NamedToken, by: By): Promise<number>
}

/** The name of an operator, and the digest of the token. */
type NamedToken = { readonly name: string; readonly digest: string }

/** @param expiresAt seconds since 1970 */
type ConsoleLink = { readonly code: string; readonly expiresAt: number }

/** How many sessions and links of one token there are; a newer one replaces the oldest. */
const MOST_OPEN = 20
const LONGEST_SECONDS = 12 * 3600
/** A session ends when its operator has done nothing for so long. */
export const IDLE_SECONDS = 1800
/** A session that is used often is not noted each time. */
const USED_SECONDS = 60

export function consoleSessions(db: Kysely<Tables>, clock: () => number): ConsoleSessions {
  const now = () => Math.floor(clock() / 1000)
  return {
    async makeLink(token_digest, lifetimeSeconds) {
      const code = secret()
      const expires_at = now() + lifetimeSeconds
      const row = { digest: digestOf(code), token_digest, expires_at }
      await db.insertInto('operator_links').values(row).execute()
      await keepNewest(db, 'operator_links', row)
      return { code, expiresAt: expires_at }
    },
    async followLink(code) {
      const row = await db
        .deleteFrom('operator_links')
        .where('digest', '=', digestOf(code))
        .returning(['token_digest', 'expires_at'])
        .executeTakeFirst()
      return row === undefined || row.expires_at <= now() ? null : row.token_digest
    },
    async open(token_digest) {
      const secrets = { cookie: secret(), proof: secret() }
      const at = now()
      const expires_at = at + LONGEST_SECONDS
      const row = { digest: digestOfBoth(secrets), token_digest, used_at: at, expires_at }
      await db.insertInto('operator_sessions').values(row).execute()
      await keepNewest(db, 'operator_sessions', row)
      return { ...secrets, expiresAt: expires_at }
    },
    async find(secrets, isUse) {
      const digest = digestOfBoth(secrets)
      const row = await liveRow(db, digest, now())
      if (row === undefined) return null
      if (isUse) await noteUse(db, row, now())
      return { digest, tokenDigest: row.token_digest, expiresAt: row.expires_at }
    },
    liveToken: async (digest) => (await liveRow(db, digest, now()))?.token_digest ?? null,
    async end(digest) {
      await db.deleteFrom('operator_sessions').where('digest', '=', digest).execute()
    },
    endAll: (operator, by) =>
      db.transaction().execute((transaction) => endAll(transaction, operator, by))
  }
}

async function endAll(
  transaction: Kysely<Tables>,
  { name, digest }: NamedToken,
  { source, clock }: By
): Promise<number> {
  const nowMs = clock()
  const now = Math.floor(nowMs / 1000)
  await transaction.deleteFrom('operator_links').where('token_digest', '=', digest).execute()
  const rows = await transaction
    .deleteFrom('operator_sessions')
    .where('token_digest', '=', digest)
    .returning(['used_at', 'expires_at'])
    .execute()
  const live = rows.filter((row) => row.expires_at > now && row.used_at > now - IDLE_SECONDS)
  const detail = { ended: live.length }
  const about = { subject: name, sid: null, source, detail }
  await writeAudit(transaction, { kind: 'operator-sessions-ended', ...about }, nowMs)
  return live.length
}

/** Deletes what the same token has opened before, except for the last MOST_OPEN - 1. */
async function keepNewest(
  db: Kysely<Tables>,
  table: 'operator_sessions' | 'operator_links',
  { digest, token_digest }: Pick<OperatorLinkTable, 'digest' | 'token_digest'>
): Promise<void> {
  await db
    .deleteFrom(table)
    .where('token_digest', '=', token_digest)
    .where('digest', '!=', digest)
    .where('digest', 'not in', (select) =>
      select
        .selectFrom(table)
        .select('digest')
        .where('token_digest', '=', token_digest)
        .where('digest', '!=', digest)
        .orderBy('expires_at', 'desc')
        .limit(MOST_OPEN - 1)
    )
    .execute()
}

async function noteUse(
  db: Kysely<Tables>,
  { digest, used_at }: Selectable<OperatorSessionTable>,
  now: number
): Promise<void> {
  if (now - used_at < USED_SECONDS) return
  await db
    .updateTable('operator_sessions')
    .set({ used_at: now })
    .where('digest', '=', digest)
    .execute()
}

const liveRow = (db: Kysely<Tables>, digest: string, now: number) =>
  db
    .selectFrom('operator_sessions')
    .selectAll()
    .where('digest', '=', digest)
    .where('expires_at', '>', now)
    .where('used_at', '>', now - IDLE_SECONDS)
    .executeTakeFirst()

const secret = (): string => randomBytes(32).toString('base64url')

/** The stored form. 256 random bits cannot be guessed, so no slow hash is needed. */
const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

const digestOfBoth = ({ cookie, proof }: ConsoleSecrets): string => digestOf(`${cookie}.${proof}`)
