import fastifyJwt from '@fastify/jwt'
import Fastify from 'fastify'
import { compactVerify, importSPKI } from 'jose'
import type { SignatureAlgorithm } from '../keys/algorithms.ts'
import type { VerificationKey } from '../keys/key-sets/key-set.ts'
import type { CheckSignature } from '../tokens/checks/check-token.ts'

type Check = (token: string) => boolean | Promise<boolean>

/**
 * Checks signatures with @fastify/jwt. It prepares a key when it is registered, and again at every
 * call that names a key, which costs half as much as the check itself. So each key has one
 * registration for each of its algorithms that is in use, as long as the gateway has the key.
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
  // @fastify/jwt knows this algorithm only by its name in RFC 8037.
  if (algorithm === 'Ed25519') return prepareByJose(pem, algorithm)
  const holder = Fastify()
  await holder.register(fastifyJwt, {
    secret: { public: pem },
    // The profile checks the times, with our own clock.
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
