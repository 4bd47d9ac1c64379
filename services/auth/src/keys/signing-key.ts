import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Algorithm } from '@gatehouse/access-token/claims'
import { calculateJwkThumbprint, type JWK } from 'jose'

/** In these states, the public half of a key is in the key set. */
export const publishedStates = ['standby', 'active', 'retiring'] as const

/**
 * standby: published, does not sign · active: published, signs; exactly one key is active ·
 * retiring: published until the last token that it signed has expired · retired: no longer
 * published · revoked: every gateway refuses its tokens
 */
export const keyStates = [...publishedStates, 'retired', 'revoked'] as const
export type KeyState = (typeof keyStates)[number]

export const isPublished = ({ state }: { readonly state: KeyState }): boolean =>
  publishedStates.some((published) => published === state)

export type SigningKey = {
  /** RFC 7638 thumbprint */
  readonly kid: string
  readonly algorithm: Algorithm
  readonly state: KeyState
  /** RFC 7517, with `kid`, `alg` and `use` */
  readonly publicJwk: JWK
  /** PKCS #8 */
  readonly privatePem: string
}

const generate = promisify(generateKeyPair)

/** Asynchronous, because creating an RSA key takes long enough to delay requests. */
const generators: Record<
  Algorithm,
  () => Promise<{ publicKey: KeyObject; privateKey: KeyObject }>
> = {
  ES256: () => generate('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generate('ed25519', {}),
  RS256: () => generate('rsa', { modulusLength: 2048 })
}

export async function generateSigningKey(
  algorithm: Algorithm,
  state: KeyState
): Promise<SigningKey> {
  const { publicKey, privateKey } = await generators[algorithm]()
  const kid = await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }) as JWK)
  return {
    kid,
    algorithm,
    state,
    publicJwk: jwkOf(publicKey, kid, algorithm),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  }
}

/** The public half of a key. */
export const publicHalf = (privatePem: string, kid: string, algorithm: Algorithm): JWK =>
  jwkOf(createPublicKey(privatePem), kid, algorithm)

const jwkOf = (publicKey: KeyObject, kid: string, algorithm: Algorithm): JWK => ({
  ...(publicKey.export({ format: 'jwk' }) as JWK),
  kid,
  alg: algorithm,
  use: 'sig'
})
