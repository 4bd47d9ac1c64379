import { createPublicKey, type KeyObject } from 'node:crypto'
import { isStrongEd25519Key } from '@gatehouse/access-token/strong-ed25519-key'

/** COSE key types (RFC 9053 §7, RFC 8230 §4) and curves (RFC 9053 §7.1) */
const [OKP, EC2, RSA] = [1, 2, 3]
const [P256, ED25519] = [1, 6]
/** COSE algorithms (RFC 9053 §2, RFC 8812 §2) */
const [EDDSA, ES256, RS256] = [-8, -7, -257]

/** Bits of RSA keys: fewer are weak, and more take too long to verify. */
const LEAST_RSA_BITS = 2048
const MOST_RSA_BITS = 4096
const MOST_EXPONENT = 0xffff_ffffn

/**
 * Whether signatures of a public key can be verified: its type fits its algorithm, a point is on
 * the curve and not of small order, and an RSA key has a usual length. The library of the
 * registration does not look at the key, so its user would learn at the next login that it does not
 * work.
 * @param publicKey COSE_Key (RFC 9052 §7)
 */
export async function isUsableKey(publicKey: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const { isoCBOR } = await import('@simplewebauthn/server/helpers')
  try {
    const key = jwkOf(isoCBOR.decodeFirst<Map<number, unknown>>(publicKey))
    return key !== null && isUsual(createPublicKey({ key, format: 'jwk' }))
  } catch {
    return false
  }
}

function isUsual(key: KeyObject): boolean {
  if (key.asymmetricKeyType === 'ed25519') return isStrongEd25519Key(key)
  const { modulusLength: bits, publicExponent: exponent } = key.asymmetricKeyDetails ?? {}
  if (bits === undefined || exponent === undefined) return true
  const isUsualExponent = exponent > 2n && exponent % 2n === 1n && exponent <= MOST_EXPONENT
  return bits >= LEAST_RSA_BITS && bits <= MOST_RSA_BITS && isUsualExponent
}

/** Null: another type, algorithm or curve. */
function jwkOf(cose: ReadonlyMap<number, unknown>) {
  const [kty, alg, crv] = [cose.get(1), cose.get(3), cose.get(-1)]
  if (kty === OKP && alg === EDDSA && crv === ED25519) {
    return { kty: 'OKP', crv: 'Ed25519', x: text(cose.get(-2)) }
  }
  if (kty === EC2 && alg === ES256 && crv === P256) {
    return { kty: 'EC', crv: 'P-256', x: text(cose.get(-2)), y: text(cose.get(-3)) }
  }
  if (kty === RSA && alg === RS256)
    return { kty: 'RSA', n: text(cose.get(-1)), e: text(cose.get(-2)) }
  return null
}

/** @throws TypeError if it is not bytes */
const text = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString('base64url')
