import { type Static, Type } from 'typebox'
import type { Grant } from '../../sessions/grant.ts'
import { refreshTokenExample, SessionId } from '../fields.ts'

/** How the refresh token is delivered: in the body, or in a cookie that no script can read. */
export const Delivery = Type.Enum(['body', 'cookie'], {
  default: 'body',
  description:
    'How the refresh token is delivered, now and at each refresh. body: as refreshToken, for programs that can store it safely. cookie: in a cookie that no script can read, for pages.'
})
export type Delivery = Static<typeof Delivery>

export const TokenResponse = Type.Object(
  {
    tokenType: Type.Literal('Bearer', { description: 'Always Bearer.', examples: ['Bearer'] }),
    accessToken: Type.String({
      description: 'A signed JWT. Send it as Authorization: Bearer.',
      examples: ['eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI3ZjFiMGE1MiJ9.c2lnbmF0dXJl']
    }),
    expiresIn: Type.Integer({
      description: 'Seconds until the access token expires. Refresh before that.',
      examples: [291]
    }),
    refreshToken: Type.Optional(
      Type.String({
        description: 'Works once. Absent with delivery cookie: the cookie has it.',
        examples: [refreshTokenExample.next]
      })
    ),
    refreshExpiresIn: Type.Integer({
      description: 'Seconds until the session ends, unless it is refreshed first.',
      examples: [1_209_600]
    }),
    session: Type.Object({ id: SessionId }, { description: 'The session of both tokens.' })
  },
  { title: 'TokenResponse', description: 'An access token, and the token that gets the next one.' }
)
export type TokenResponse = Static<typeof TokenResponse>

export function tokenResponse(grant: Grant, delivery: Delivery): TokenResponse {
  return {
    tokenType: 'Bearer',
    accessToken: grant.accessToken.token,
    expiresIn: grant.accessToken.expiresIn,
    ...(delivery === 'body' ? { refreshToken: grant.refreshToken } : {}),
    refreshExpiresIn: grant.refreshExpiresIn,
    session: { id: grant.sid }
  }
}
