import type { Route } from './needs.ts'

/** How long a verifier may go on with the set that it has. */
const MAX_AGE_SECONDS = 300

/** The public halves of the signing keys (RFC 7517). */
export const jwks: Route = (service, { signingKeys }) => {
  service.get('/.well-known/jwks.json', async (_request, reply) => {
    reply.header('cache-control', `max-age=${MAX_AGE_SECONDS}`).type('application/jwk-set+json')
    return JSON.stringify({ keys: signingKeys().map(({ publicJwk }) => publicJwk) })
  })
}
