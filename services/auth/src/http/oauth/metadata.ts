import { oauthPath, serverMetadata } from '../../oauth/server-metadata.ts'
import type { OAuthRoute } from './needs.ts'

const MAX_AGE_SECONDS = 300

/** RFC 8414 §3 */
export const metadata: OAuthRoute = (service, { issuer }) => {
  const document = JSON.stringify(serverMetadata(issuer))
  service.get(oauthPath.metadata, async (_request, reply) => {
    reply.header('cache-control', `max-age=${MAX_AGE_SECONDS}`).type('application/json')
    return document
  })
}
