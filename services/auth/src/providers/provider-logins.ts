import { createHash, timingSafeEqual } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Cleanup } from '../background/retention.ts'
import { forgetExpired } from '../database/statements/delete-expired.ts'
import type { Tables } from '../database/tables.ts'
import { type SealingKeys, seal, unsealWithAny } from '../secrets/seal.ts'
import { type LoginFlow, randomText } from './login-flow.ts'
import type { ProviderIdentity } from './protocol/provider-identity.ts'

/** how long a page or app may take to exchange a code */
const CODE_SECONDS = 60
/** Longer than a flow lasts, and for clocks that are behind. */
const KEPT_SECONDS = 7200

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

/** The encrypted identity of one row cannot be copied into another. */
const about = (digest: string): string => `provider login ${digest}`

type LoginPorts = {
  readonly db: Kysely<Tables>
  readonly sealing: SealingKeys
  readonly clock: () => number
}

/**
 * Stores who came back from a provider, and that the `state` of the flow is used.
 * @returns the code; null if the `state` was used before: of several requests, one gets a code
 */
export async function keepLogin(
  { db, sealing, clock }: LoginPorts,
  { provider, state, codeChallenge }: LoginFlow,
  identity: ProviderIdentity
): Promise<string | null> {
  const code = randomText()
  const digest = digestOf(code)
  const inserted = await db
    .insertInto('provider_logins')
    .values({
      digest,
      state_digest: digestOf(state),
      provider,
      sealed_identity: seal(JSON.stringify(identity), sealing[0], about(digest)),
      code_challenge: codeChallenge,
      expires_at: Math.floor(clock() / 1000) + CODE_SECONDS
    })
    .onConflict((conflict) => conflict.column('state_digest').doNothing())
    .returning('digest')
    .executeTakeFirst()
  return inserted === undefined ? null : code
}

export type RedeemedLogin = { readonly provider: string; readonly identity: ProviderIdentity }

/**
 * Uses a code. A wrong verifier does not use it up: somebody who has seen the code must not be able
 * to end the login.
 * @returns null if the code is unknown, used or expired, or the verifier is wrong
 */
export async function redeemLogin(
  { db, sealing, clock }: LoginPorts,
  { code, codeVerifier }: { readonly code: string; readonly codeVerifier: string }
): Promise<RedeemedLogin | null> {
  const digest = digestOf(code)
  const nowMs = clock()
  const row = await db
    .selectFrom('provider_logins')
    .selectAll()
    .where('digest', '=', digest)
    .where('used_at_ms', 'is', null)
    .where('expires_at', '>', Math.floor(nowMs / 1000))
    .executeTakeFirst()
  if (row === undefined || !isSame(row.code_challenge, digestOf(codeVerifier))) return null
  const { numUpdatedRows } = await db
    .updateTable('provider_logins')
    .set({ used_at_ms: nowMs, sealed_identity: '' })
    .where('digest', '=', digest)
    .where('used_at_ms', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return null
  const { secret } = unsealWithAny(row.sealed_identity, sealing, about(digest))
  return { provider: row.provider, identity: JSON.parse(secret) }
}

const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))

/** Deletes logins when neither their code nor their `state` can be used any longer. */
export const forgetLogins =
  (db: Kysely<Tables>, clock: () => number): Cleanup =>
  () =>
    forgetExpired(db, 'provider_logins', Math.floor(clock() / 1000) - KEPT_SECONDS)
