import { SIGNING_KEYS_PATH } from '@gatehouse/access-token/settings'
import { KEY_SET_MAX_AGE_SECONDS } from '../../keys/rotation-schedule.ts'
import type { Route } from './needs.ts'

/** The public halves of the signing keys (RFC 7517). */
export const jwks: Route = (service, { keys }) => {
  service.get(SIGNING_KEYS_PATH, async (_request, reply) => {
    reply
      .header('cache-control', `max-age=${KEY_SET_MAX_AGE_SECONDS}`)
      .type('application/jwk-set+json')
    // Read now: a gateway that another instance has told of a new key must find the key here. If that
    // fails, the keys in memory are better than none. Their age (RFC 9111 §5.1), rounded up, tells a
    // gateway that has a newer set from another instance to keep that one.
    const published = await keys.read().catch(() => {
      reply.header('age', Math.ceil(keys.ageMs() / 1000))
      return keys.held()
    })
    return JSON.stringify({ keys: published.map(({ publicJwk }) => publicJwk) })
  })
}
