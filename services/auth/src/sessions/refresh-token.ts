import { createHmac, hash, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import {
  REFRESH_TOKEN_BYTES,
  REFRESH_TOKEN_LENGTH,
  REFRESH_TOKEN_VERSION
} from '@gatehouse/access-token/refresh-token-form'
import type { KeyRing } from '../secrets/key-ring.ts'

/**
 * A refresh token is derived, not stored: for generation g of family f of account u,
 *
 *     base64url( version ‖ key id ‖ u ‖ f ‖ g ‖ HMAC-SHA-256(K, all of that) )
 *
 * K never enters the store, and neither does f (128 random bits): the store is keyed by a digest of
 * it. So neither a dump of the store nor K alone is enough to make a token.
 */
export type RefreshToken = {
  /** the account's id, a UUID */
  readonly subject: string
  /** the family's secret id, 128 bits */
  readonly family: Buffer
  readonly generation: number
}

const SUBJECT_AT = 2
const FAMILY_AT = SUBJECT_AT + 16
const GENERATION_AT = FAMILY_AT + 16
const MAC_AT = GENERATION_AT + 4
const LAST_GENERATION = 0xff_ff_ff_ff
const SESSION_ID = Buffer.from('gatehouse session id\0')

/** A refresh token with a valid MAC, and the public id of its family. */
export type PresentedToken = RefreshToken & { readonly sid: string }

export function newFamily(): Buffer {
  return randomBytes(16)
}

/**
 * The family's public id: what the store knows it by, and the `sid` of its access tokens. 128 bits,
 * base64url.
 */
export function sessionId(family: Buffer): string {
  const named = Buffer.concat([SESSION_ID, family])
  return hash('sha256', named, 'buffer').subarray(0, 16).toString('base64url')
}

/**
 * The token of a generation: always the same bytes, so that it can be issued again without having
 * been stored.
 */
export function mintRefreshToken(token: RefreshToken, ring: KeyRing): string {
  if (token.generation > LAST_GENERATION) throw new RangeError('the family has no generation left')
  const key = ring.newest
  const bytes = Buffer.alloc(REFRESH_TOKEN_BYTES)
  bytes[0] = REFRESH_TOKEN_VERSION
  bytes[1] = key.id
  bytes.write(token.subject.replaceAll('-', ''), SUBJECT_AT, 'hex')
  token.family.copy(bytes, FAMILY_AT)
  bytes.writeUInt32BE(token.generation, GENERATION_AT)
  mac(key.secret, bytes).copy(bytes, MAC_AT)
  return bytes.toString('base64url')
}

/**
 * The contents of a token, if we issued it; null otherwise. Calls no store, and takes the same time
 * for every wrong MAC.
 */
export function readRefreshToken(text: string, ring: KeyRing): RefreshToken | null {
  if (text.length !== REFRESH_TOKEN_LENGTH) return null
  const bytes = Buffer.from(text, 'base64url')
  // A token has a single encoding: no padding, no other alphabet, no spare bits.
  if (bytes.length !== REFRESH_TOKEN_BYTES || bytes.toString('base64url') !== text) return null
  if (bytes[0] !== REFRESH_TOKEN_VERSION) return null
  const key = ring.find(bytes.readUInt8(1))
  if (key === null || !timingSafeEqual(mac(key.secret, bytes), bytes.subarray(MAC_AT))) return null
  return {
    subject: uuid(bytes.toString('hex', SUBJECT_AT, FAMILY_AT)),
    family: Buffer.from(bytes.subarray(FAMILY_AT, GENERATION_AT)),
    generation: bytes.readUInt32BE(GENERATION_AT)
  }
}

/** As `readRefreshToken`, with the id of the session. */
export function readPresentedToken(text: string, ring: KeyRing): PresentedToken | null {
  const token = readRefreshToken(text, ring)
  return token === null ? null : { ...token, sid: sessionId(token.family) }
}

function mac(secret: KeyObject, token: Buffer): Buffer {
  return createHmac('sha256', secret).update(token.subarray(0, MAC_AT)).digest()
}

function uuid(hex: string): string {
  const [first, second, third] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16)]
  return `${first}-${second}-${third}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
