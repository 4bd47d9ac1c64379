import { Type } from 'typebox'
import { INTROSPECT_SCOPE } from '../../clients/client.ts'
import { invalidClient, malformedRequest, mayNotIntrospect } from '../../oauth/oauth-refusals.ts'
import { oauthPath } from '../../oauth/server-metadata.ts'
import type { OAuthRoute } from './needs.ts'

/** RFC 7662 §2.2 */
const Introspection = Type.Object({
  active: Type.Boolean(),
  token_type: Type.Optional(Type.Literal('Bearer')),
  iss: Type.Optional(Type.String()),
  aud: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
  sub: Type.Optional(Type.String()),
  client_id: Type.Optional(Type.String()),
  scope: Type.Optional(Type.String()),
  exp: Type.Optional(Type.Integer()),
  iat: Type.Optional(Type.Integer()),
  nbf: Type.Optional(Type.Integer()),
  jti: Type.Optional(Type.String()),
  sid: Type.Optional(Type.String())
})

/**
 * RFC 7662. Only for clients with the right scope: anyone else could find out whether a stolen
 * token is active (§4).
 */
export const introspect: OAuthRoute = (service, { read, introspect }) => {
  service.post(
    oauthPath.introspect,
    { schema: { response: { 200: Introspection } } },
    async (request) => {
      const { form, caller } = await read(request)
      if (caller.client === null) throw invalidClient('who asks about a token has to authenticate')
      if (!caller.client.scope.includes(INTROSPECT_SCOPE)) throw mayNotIntrospect()
      const token = form.get('token')
      if (token === undefined) throw malformedRequest('token is missing')
      return await introspect(token)
    }
  )
}
