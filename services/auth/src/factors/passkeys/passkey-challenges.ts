import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Cleanup } from '../../background/retention.ts'
import { forgetExpired } from '../../database/statements/delete-expired.ts'
import type { Tables } from '../../database/tables.ts'
import type { KeyRing, RefreshKey } from '../../secrets/key-ring.ts'

/** What a challenge is for. It is not accepted for anything else. */
export type Ceremony = {
  readonly purpose: 'enrol' | 'factor' | 'login' | 'step-up'
  /** the account; null: a login without a password, before the account is known */
  readonly subject: string | null
  /** the session, or the digest of the login challenge, to which it belongs; null: none */
  readonly within: string | null
}

/** A challenge of this installation that has not expired. It may be used already. */
export type OpenPasskeyChallenge = { readonly digest: string; readonly expiresAt: number }

export const CEREMONY_SECONDS = 300
/** for clocks that are behind */
const KEPT_SECONDS = 3600

/**
 * base64url( version ‖ key id ‖ expiry ‖ random ‖ MAC over these and the ceremony ). The database
 * has only those that were used, so strangers who ask for challenges write nothing.
 */
const VERSION = 1
const EXPIRY_AT = 2
const RANDOM_AT = EXPIRY_AT + 4
const MAC_AT = RANDOM_AT + 16
const CHALLENGE_BYTES = MAC_AT + 32

export function mintPasskeyChallenge(ceremony: Ceremony, ring: KeyRing, nowMs: number): Buffer {
  const head = Buffer.alloc(RANDOM_AT)
  head.writeUInt8(VERSION, 0)
  head.writeUInt8(ring.newest.id, 1)
  head.writeUInt32BE(Math.floor(nowMs / 1000) + CEREMONY_SECONDS, EXPIRY_AT)
  const signed = Buffer.concat([head, randomBytes(MAC_AT - RANDOM_AT)])
  return Buffer.concat([signed, mac(ring.newest, signed, ceremony)])
}

/** Null: this installation did not make it for this ceremony, or it has expired. */
export function readPasskeyChallenge(
  text: string,
  ceremony: Ceremony,
  ring: KeyRing,
  nowMs: number
): OpenPasskeyChallenge | null {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== CHALLENGE_BYTES || bytes[0] !== VERSION) return null
  const key = ring.find(bytes.readUInt8(1))
  const signed = bytes.subarray(0, MAC_AT)
  if (key === null || !timingSafeEqual(mac(key, signed, ceremony), bytes.subarray(MAC_AT))) {
    return null
  }
  const expiresAt = bytes.readUInt32BE(EXPIRY_AT)
  if (expiresAt <= Math.floor(nowMs / 1000)) return null
  // The digest of the bytes, because several base64url texts can encode the same bytes.
  return { digest: createHash('sha256').update(bytes).digest('base64url'), expiresAt }
}

function mac(key: RefreshKey, signed: Buffer, { purpose, subject, within }: Ceremony): Buffer {
  const bound = JSON.stringify([purpose, subject, within])
  return createHmac('sha256', key.secret)
    .update('gatehouse passkey\0')
    .update(signed)
    .update(bound)
    .digest()
}

/** Uses a challenge. If several requests use it at once, at any instance, only one gets true. */
export async function usePasskeyChallenge(
  transaction: Kysely<Tables>,
  { digest, expiresAt }: OpenPasskeyChallenge
): Promise<boolean> {
  const inserted = await transaction
    .insertInto('used_passkey_challenges')
    .values({ digest, expires_at: expiresAt })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .returning('digest')
    .executeTakeFirst()
  return inserted !== undefined
}

/** Whether a committed transaction has used a challenge. */
export async function isPasskeyChallengeUsed(
  db: Kysely<Tables>,
  { digest }: OpenPasskeyChallenge
): Promise<boolean> {
  const row = await db
    .selectFrom('used_passkey_challenges')
    .select('digest')
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row !== undefined
}

/** Deletes used challenges that expired an hour ago. */
export const forgetPasskeyChallenges =
  (db: Kysely<Tables>, clock: () => number): Cleanup =>
  () =>
    forgetExpired(db, 'used_passkey_challenges', Math.floor(clock() / 1000) - KEPT_SECONDS)
