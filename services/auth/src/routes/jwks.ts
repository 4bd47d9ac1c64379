import { KEY_SET_MAX_AGE_SECONDS } from '../keys/rotation-schedule.ts'
import type { Route } from './needs.ts'

/** The public halves of the signing keys (RFC 7517). */
export const jwks: Route = (service, { signingKeys }) => {
  service.get('/.well-known/jwks.json', async (_request, reply) => {
    reply
      .header('cache-control', `max-age=${KEY_SET_MAX_AGE_SECONDS}`)
      .type('application/jwk-set+json')
    // Read now: a gateway that was told of a new key by another instance must find it here. What is held is better than none.
    const keys = await signingKeys.read().catch(() => signingKeys.held())
    return JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) })
  })
}
