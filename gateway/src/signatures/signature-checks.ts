import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { derOfSignature } from '@gatehouse/access-token/ecdsa-form'
import type { SignatureAlgorithm } from '../keys/algorithms.ts'
import type { VerificationKey } from '../keys/key-sets/key-set.ts'
import type { CheckSignature } from '../tokens/checks/check-token.ts'

/** Checks the signature of a message. */
type Scheme = (message: Buffer, key: KeyObject, signature: Buffer) => boolean

/**
 * ECDSA (RFC 7518 §3.4). node:crypto is given a key, and not an object with a key and options,
 * which costs as much as a quarter of the check.
 */
const ecdsa =
  (digest: string, coordinateBytes: number): Scheme =>
  (message, key, signature) =>
    signature.length === 2 * coordinateBytes &&
    verify(digest, message, key, derOfSignature(signature))

/** RFC 7518 §3.3 */
const rsa =
  (digest: string): Scheme =>
  (message, key, signature) =>
    verify(digest, message, key, signature)

/** RFC 7518 §3.5: the salt is as long as the digest. */
const rsaPss = (digest: string): Scheme => {
  const padding = constants.RSA_PKCS1_PSS_PADDING
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
  return (message, key, signature) =>
    verify(digest, message, { key, padding, saltLength }, signature)
}

/** RFC 8037 §3.1 */
const edDsa: Scheme = (message, key, signature) => verify(null, message, key, signature)

const schemes: Readonly<Record<SignatureAlgorithm, Scheme>> = {
  ES256: ecdsa('sha256', 32),
  ES384: ecdsa('sha384', 48),
  ES512: ecdsa('sha512', 66),
  RS256: rsa('sha256'),
  RS384: rsa('sha384'),
  RS512: rsa('sha512'),
  PS256: rsaPss('sha256'),
  PS384: rsaPss('sha384'),
  PS512: rsaPss('sha512'),
  EdDSA: edDsa,
  Ed25519: edDsa
}

/** three segments in base64url (RFC 7515 §7.1): what is signed, and the signature */
const COMPACT = /^([\w-]+\.[\w-]+)\.([\w-]+)$/

/** Checks signatures with node:crypto. Each key is prepared once, which costs more than a check. */
export function signatureChecks(): CheckSignature {
  const prepared = new WeakMap<VerificationKey, KeyObject>()
  return (token, key, algorithm) => {
    const [, message, encoded] = COMPACT.exec(token) ?? []
    if (message === undefined || encoded === undefined) return false
    if (!key.algorithms.includes(algorithm)) return false
    const signature = Buffer.from(encoded, 'base64url')
    // The last character may have unused bits.
    if (signature.toString('base64url') !== encoded) return false
    const publicKey = prepared.get(key) ?? createPublicKey(key.pem)
    prepared.set(key, publicKey)
    return schemes[algorithm](Buffer.from(message), publicKey, signature)
  }
}
