import { createPublicKey } from 'node:crypto'
import fastifyJwt from '@fastify/jwt'
import Fastify from 'fastify'
import type { PrepareSigners } from './keys/live-signing-keys.ts'
import type { SigningKey } from './keys/signing-key.ts'
import { accessTokenHeader, type Sign } from './tokens/access-token.ts'

/** Signs access tokens with any of several keys. */
type TokenSigners = {
  readonly sign: Sign
  readonly prepare: PrepareSigners
}

/**
 * One signer per key. @fastify/jwt prepares a key when it is registered, and again at every call
 * that names a key, which costs more than the signature. So each key has a registration of its own.
 */
export function tokenSigners(): TokenSigners {
  let signers = new Map<string, Signer>()
  return {
    sign(claims, { kid }) {
      const signer = signers.get(kid)
      if (signer === undefined) throw new Error(`no signer is prepared for the key ${kid}`)
      return signer.jwt.sign(claims)
    },
    async prepare(keys) {
      const prepared = keys.map(async (key) => {
        return [key.kid, signers.get(key.kid) ?? (await registration(key))] as const
      })
      const these = new Map(await Promise.all(prepared))
      signers = new Map([...signers, ...these])
      return () => {
        signers = these
      }
    }
  }
}

type Signer = Awaited<ReturnType<typeof registration>>

async function registration(key: SigningKey) {
  const { algorithm, kid, privatePem } = key
  const publicPem = createPublicKey(privatePem).export({ type: 'spki', format: 'pem' })
  const holder = Fastify()
  await holder.register(fastifyJwt, {
    secret: { private: privatePem, public: publicPem },
    sign: { algorithm, kid, header: accessTokenHeader(key) }
  })
  return holder
}
