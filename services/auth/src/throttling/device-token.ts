import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { KeyRing, RefreshKey } from '../secrets/key-ring.ts'

/**
 * With this token, a browser is known at its next login: base64url( version ‖ key id ‖ device id ‖
 * MAC over these and the owner ). It gives no access. It only says which of the account's failures
 * are this browser's (OWASP, device cookies). The owner is an e-mail address and the password that
 * its account has.
 */
const VERSION = 1
const ID_AT = 2
const MAC_AT = ID_AT + 16
const TOKEN_BYTES = MAC_AT + 16

export function mintDeviceToken(owner: string, ring: KeyRing): string {
  const head = Buffer.concat([Buffer.from([VERSION, ring.newest.id]), randomBytes(16)])
  return Buffer.concat([head, mac(ring.newest, head, owner)]).toString('base64url')
}

/** The id of the device, if this service made the token for this owner; null otherwise. */
export function readDeviceToken(text: string, owner: string, ring: KeyRing): string | null {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== TOKEN_BYTES || bytes[0] !== VERSION) return null
  const key = ring.find(bytes.readUInt8(1))
  const head = bytes.subarray(0, MAC_AT)
  if (key === null || !timingSafeEqual(mac(key, head, owner), bytes.subarray(MAC_AT))) return null
  return bytes.toString('base64url', ID_AT, MAC_AT)
}

function mac(key: RefreshKey, head: Buffer, owner: string): Buffer {
  const account = createHash('sha256').update(owner).digest()
  const text = Buffer.concat([Buffer.from('gatehouse device\0'), head, account])
  return createHmac('sha256', key.secret)
    .update(text)
    .digest()
    .subarray(0, TOKEN_BYTES - MAC_AT)
}
