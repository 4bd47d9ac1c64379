import { createPublicKey } from 'node:crypto'
import fastifyJwt from '@fastify/jwt'
import Fastify from 'fastify'
import type { SigningKey } from './keys/signing-key.ts'
import { accessTokenHeader, type Sign } from './tokens/access-token.ts'

/** What signs access tokens, with any of some keys. */
export type TokenSigners = {
  readonly sign: Sign
  /** Makes ready to sign with any of these keys besides; what it gives back forgets all others. */
  prepare(keys: readonly SigningKey[]): Promise<() => void>
}

/**
 * A signer for each key. @fastify/jwt prepares one at its registration and again at every call that names a key, which
 * costs more than the signature; so each key has a registration of its own, made once.
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
