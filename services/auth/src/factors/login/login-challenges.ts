import { createHash, randomBytes } from 'node:crypto'
import type { ExpressionBuilder, Kysely, Selectable } from 'kysely'
import type { Account } from '../../accounts/account.ts'
import type { Cleanup } from '../../background/retention.ts'
import { forgetExpired } from '../../database/statements/delete-expired.ts'
import type { Tables } from '../../database/tables.ts'
import { amrOf, amrText, BY_PASSWORD } from '../../sessions/authentication.ts'
import type { UsedIdentity } from '../factor-ports.ts'
import type { LoginChallengeTable } from '../factor-table.ts'

export type LoginChallenge = Selectable<LoginChallengeTable>

export const CHALLENGE_SECONDS = 300
/** the maximum number of answers; after that, the login starts again */
const MOST_ATTEMPTS = 5

export const challengeDigest = (challenge: string): string =>
  createHash('sha256').update(`gatehouse login\0${challenge}`).digest('base64url')

/** What a login has proved before its second factor, and how it wants its refresh token. */
export type ProvenFirst = {
  readonly delivery: 'body' | 'cookie'
  /** as `Authentication` has it */
  readonly amr: readonly string[]
  /** null: the login began without a provider */
  readonly identity: UsedIdentity | null
}

/** What the login of a challenge has proved. Earlier versions stored none for a password. */
export const provenBy = ({ amr }: Pick<LoginChallenge, 'amr'>): readonly string[] =>
  amr === null ? BY_PASSWORD : amrOf(amr)

/**
 * Stores a login that waits for a second factor. It is bound to the account as it is now, and to
 * the way in which the client wants its refresh token.
 * @returns the challenge, 256 random bits, of which only the digest is stored
 */
export async function issueChallenge(
  db: Kysely<Tables>,
  account: Account,
  { delivery, amr, identity }: ProvenFirst,
  nowMs: number
): Promise<string> {
  const challenge = randomBytes(32).toString('base64url')
  await db
    .insertInto('login_challenges')
    .values({
      digest: challengeDigest(challenge),
      subject: account.id,
      password_version: account.passwordVersion,
      factor_version: account.factorVersion,
      delivery,
      amr: amrText(amr),
      identity: identity?.id ?? null,
      identity_email: identity?.email ?? null,
      expires_at: Math.floor(nowMs / 1000) + CHALLENGE_SECONDS
    })
    .execute()
  return challenge
}

/** A challenge that can still be answered. */
export async function findChallenge(
  db: Kysely<Tables>,
  challenge: string,
  nowMs: number
): Promise<LoginChallenge | null> {
  const row = await db
    .selectFrom('login_challenges')
    .selectAll()
    .where(isUsable(challengeDigest(challenge), nowMs))
    .executeTakeFirst()
  return row ?? null
}

const isUsable =
  (digest: string, nowMs: number) =>
  ({ eb, and }: ExpressionBuilder<Tables, 'login_challenges'>) =>
    and([
      eb('digest', '=', digest),
      eb('used_at_ms', 'is', null),
      eb('attempts', '<', MOST_ATTEMPTS),
      eb('expires_at', '>', Math.floor(nowMs / 1000))
    ])

/** Whether a challenge is for the account as it is now. */
export const isChallengeOf = (challenge: LoginChallenge, account: Account): boolean =>
  challenge.subject === account.id &&
  challenge.password_version === account.passwordVersion &&
  challenge.factor_version === account.factorVersion &&
  !account.disabled

/**
 * Counts an answer before it is compared, so that simultaneous answers are limited like consecutive
 * ones.
 * @returns how many more there may be; null: this one may not be compared
 */
export async function countAttempt(
  db: Kysely<Tables>,
  { digest }: LoginChallenge,
  nowMs: number
): Promise<number | null> {
  const row = await db
    .updateTable('login_challenges')
    .set(({ eb }) => ({ attempts: eb('attempts', '+', 1) }))
    .where(isUsable(digest, nowMs))
    .returning('attempts')
    .executeTakeFirst()
  return row === undefined ? null : MOST_ATTEMPTS - row.attempts
}

/** Uses a challenge. If several requests use it at once, only one gets true. */
export async function useChallenge(
  transaction: Kysely<Tables>,
  { digest }: LoginChallenge,
  nowMs: number
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('login_challenges')
    .set({ used_at_ms: nowMs })
    .where('digest', '=', digest)
    .where('used_at_ms', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** for clocks that are behind */
const KEPT_SECONDS = 3600

/** Deletes challenges that expired an hour ago. */
export const forgetChallenges =
  (db: Kysely<Tables>, clock: () => number): Cleanup =>
  () =>
    forgetExpired(db, 'login_challenges', Math.floor(clock() / 1000) - KEPT_SECONDS)
