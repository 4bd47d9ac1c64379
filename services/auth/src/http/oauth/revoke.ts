import { FIRST_PARTY_CLIENT } from '../../clients/client.ts'
import { isFirstParty } from '../../oauth/authenticate-client.ts'
import { invalidClient, malformedRequest } from '../../oauth/oauth-refusals.ts'
import { oauthPath } from '../../oauth/server-metadata.ts'
import { originOf } from '../origin-of.ts'
import type { OAuthRoute } from './needs.ts'

/** RFC 7009. 200 even for an unknown token (§2.2). */
export const revoke: OAuthRoute = (service, { read, revoke }) => {
  service.post(oauthPath.revoke, async (request, reply) => {
    const { form, caller } = await read(request)
    const token = form.get('token')
    if (token === undefined) throw malformedRequest('token is missing')
    if (caller.client === null && !isFirstParty(caller)) {
      throw invalidClient('another client than the public one, without proof')
    }
    await revoke(token, caller.client?.id ?? FIRST_PARTY_CLIENT, originOf(request))
    return reply.code(200).send()
  })
}
