import fastifyJwt from '@fastify/jwt'
import Fastify from 'fastify'
import type { VerificationKey } from './keys/key-set.ts'

/** Checks a signature with the key's own algorithm, and nothing else. */
export type CheckSignature = (token: string, key: VerificationKey) => Promise<boolean>

/**
 * Checks by @fastify/jwt. It prepares a key at its registration, and again at every call that names one, which costs half as much
 * as the signature; so each key has a registration of its own, for as long as the key is held.
 */
export function signatureChecks(): CheckSignature {
  const prepared = new WeakMap<VerificationKey, ReturnType<typeof prepare>>()
  return async (token, key) => {
    const check = prepared.get(key) ?? prepare(key)
    prepared.set(key, check)
    return (await check)(token)
  }
}

async function prepare({ pem, algorithm }: VerificationKey): Promise<(token: string) => boolean> {
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
