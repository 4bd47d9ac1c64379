import { publicKeys } from '@gatehouse/access-token/key-set-schema'
import { SIGNING_KEYS_PATH } from '@gatehouse/access-token/settings'
import { Type } from 'typebox'
import { KEY_SET_MAX_AGE_SECONDS } from '../../keys/operations/rotation-schedule.ts'
import type { Route } from './route.ts'

const schema = {
  operationId: 'getSigningKeys',
  summary: 'Get the signing keys',
  description:
    'The public keys with which access tokens are verified, as a JWK Set (RFC 7517). A key is published before it signs, so a cached set is enough until its max-age has passed.',
  tags: ['Keys'],
  response: { 200: Type.Object({ keys: publicKeys }, { title: 'SigningKeys' }) },
  successes: {
    200: {
      description: 'The JWK Set.',
      mediaType: 'application/jwk-set+json',
      headers: {
        'cache-control': {
          description: 'For how many seconds the set may be cached.',
          required: true,
          schema: Type.String({ examples: [`max-age=${KEY_SET_MAX_AGE_SECONDS}`] })
        },
        age: {
          description:
            'How many seconds old the set is, if the database could not be read. Absent otherwise.',
          schema: Type.String({ pattern: '^\\d+$', examples: ['3'] })
        }
      }
    }
  }
}

/** The public halves of the signing keys (RFC 7517). */
export const jwks: Route = (service, { keys }) => {
  service.get(SIGNING_KEYS_PATH, { schema }, async (_request, reply) => {
    reply
      .header('cache-control', `max-age=${KEY_SET_MAX_AGE_SECONDS}`)
      .type('application/jwk-set+json')
    // Read now: a gateway that another instance has told of a new key must find the key here. If
    // that fails, the keys in memory are better than none. Their age (RFC 9111 §5.1), rounded up,
    // tells a gateway that has a newer set from another instance to keep that one.
    const published = await keys.read().catch(() => {
      reply.header('age', Math.max(0, Math.ceil(keys.ageMs() / 1000)))
      return keys.held()
    })
    return { keys: published.map(({ publicJwk }) => publicJwk) }
  })
}
