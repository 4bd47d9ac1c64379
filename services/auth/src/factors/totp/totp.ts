import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { base32 } from '../base32.ts'

/**
 * Time-based one-time passwords (RFC 6238) as every authenticator app has them: SHA-1, six digits,
 * 30 seconds. The HMAC does not depend on SHA-1 being free of collisions (RFC 4226 §B.2).
 */
const STEP_SECONDS = 30
const DIGITS = 6
/** RFC 4226 §4 R6 recommends 160 bits */
const SECRET_BYTES = 20
/** a code of the step before or after is accepted, for clocks that differ (RFC 6238 §5.2) */
const DRIFT_STEPS = 1

export const newTotpSecret = (): Buffer => randomBytes(SECRET_BYTES)

/** The time step of a time in milliseconds since 1970. */
export const stepAt = (nowMs: number): number => Math.floor(nowMs / 1000 / STEP_SECONDS)

/** The code of a step (RFC 4226 §5.3). */
export function totpCode(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  const offset = mac.readUInt8(mac.length - 1) & 15
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0')
}

/**
 * The time step to which a code belongs; null if it belongs to none that is valid now. Always
 * compares every valid step, so that the time reveals nothing.
 * @param code six digits
 */
export function stepOfCode(secret: Buffer, code: string, nowMs: number): number | null {
  const given = Buffer.from(code)
  const now = stepAt(nowMs)
  let found: number | null = null
  for (let step = now - DRIFT_STEPS; step <= now + DRIFT_STEPS; step += 1) {
    const right = Buffer.from(totpCode(secret, step))
    if (given.length === right.length && timingSafeEqual(given, right)) found = step
  }
  return found
}

/** The length of each name, percent-encoded: phones cannot read a larger QR code well. */
const MOST_ISSUER = 64
const MOST_EMAIL = 128

/** A name, percent-encoded, and cut if it is too long. Pure. */
function encodedName(name: string, most: number): string {
  let encoded = ''
  for (const character of name) {
    const next = encodeURIComponent(character)
    if (encoded.length + next.length > most) return `${encoded}${encodeURIComponent('…')}`
    encoded += next
  }
  return encoded
}

/**
 * The address that an authenticator app reads from a QR code (Key Uri Format). Its names only tell
 * people which account it is.
 */
export function totpUri(secret: Buffer, { issuer, email }: { issuer: string; email: string }) {
  const shownIssuer = encodedName(issuer, MOST_ISSUER)
  const label = `${shownIssuer}:${encodedName(email, MOST_EMAIL)}`
  const parameters = [
    `secret=${base32(secret)}`,
    `issuer=${shownIssuer}`,
    'algorithm=SHA1',
    `digits=${DIGITS}`,
    `period=${STEP_SECONDS}`
  ]
  return `otpauth://totp/${label}?${parameters.join('&')}`
}
