import fastifyJwt from '@fastify/jwt'
import Fastify from 'fastify'
import { compactVerify, importSPKI } from 'jose'
import type { SignatureAlgorithm } from './keys/algorithms.ts'
import type { VerificationKey } from './keys/key-set.ts'

/** Checks a signature with one of the key's own algorithms, the one that the token names, and nothing else. */
export type CheckSignature = (
  token: string,
  key: VerificationKey,
  algorithm: SignatureAlgorithm
) => Promise<boolean>

type Check = (token: string) => boolean | Promise<boolean>

/**
 * Checks by @fastify/jwt. It prepares a key at its registration, and again at every call that names one, which costs half as much
 * as the signature; so each key has a registration for each of its algorithms that is used, for as long as the key is held.
 */
export function signatureChecks(): CheckSignature {
  const prepared = new WeakMap<VerificationKey, Map<SignatureAlgorithm, Promise<Check>>>()
  return async (token, key, algorithm) => {
    if (!key.algorithms.includes(algorithm)) return false
    const checks = prepared.get(key) ?? new Map<SignatureAlgorithm, Promise<Check>>()
    prepared.set(key, checks)
    const check = checks.get(algorithm) ?? prepare(key, algorithm)
    checks.set(algorithm, check)
    return (await check)(token)
  }
}

async function prepare({ pem }: VerificationKey, algorithm: SignatureAlgorithm): Promise<Check> {
  // @fastify/jwt knows it by its name in RFC 8037 only.
  if (algorithm === 'Ed25519') return prepareByJose(pem, algorithm)
  const holder = Fastify()
  await holder.register(fastifyJwt, {
    secret: { public: pem },
    // The times are judged by our own clock, with the rest of the profile.
    verify: { algorithms: [algorithm], ignoreExpiration: true, ignoreNotBefore: true }
  })
  return (token) => {
    try {
      holder.jwt.verify(token)
      return true
    } catch {
      return false
    }
  }
}

async function prepareByJose(pem: string, algorithm: SignatureAlgorithm): Promise<Check> {
  const key = await importSPKI(pem, algorithm)
  return (token) =>
    compactVerify(token, key, { algorithms: [algorithm] }).then(
      () => true,
      () => false
    )
}
