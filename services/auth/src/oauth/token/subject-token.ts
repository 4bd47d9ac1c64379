import type { AccessTokenClaims } from '@gatehouse/access-token/claims'
import { actorsOf, Delegation } from '@gatehouse/access-token/delegation'
import type { AssertionClaims } from '@gatehouse/edge-headers/assertion'
import type { SightingReport } from '@gatehouse/sightings/report-sightings'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Client } from '../../clients/client.ts'
import type { SubjectToken } from '../../tokens/exchanged-claims.ts'
import { malformedRequest, unacceptableSubject } from '../oauth-refusals.ts'
import { type RecogniseToken, sightingOf } from './recognise-token.ts'

/** RFC 8693 §3 */
export const tokenType = {
  accessToken: 'urn:ietf:params:oauth:token-type:access_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt'
} as const

/** Verifies an assertion of a gateway for one of these audiences; null if it is not valid. */
export type VerifyAssertion = (
  assertion: string,
  audiences: readonly string[]
) => Promise<AssertionClaims | null>

/** @throws OAuthRefusal invalid_request. Whether the token has been revoked is not checked yet. */
export type ReadSubjectToken = (
  token: string,
  type: string,
  client: Client
) => Promise<SubjectToken>

type SubjectTokenOptions = {
  readonly recognise: RecogniseToken
  readonly verifyAssertion: VerifyAssertion
  /** the audience of tokens that are for every route */
  readonly audience: string
  readonly sightings: Pick<SightingReport, 'note'>
}

const seconds = Type.Integer({ minimum: 0 })
const shape = Compile(
  Type.Object({
    kid: Type.String({ minLength: 1 }),
    iat: seconds,
    rights_version: Type.Optional(seconds),
    auth_time: Type.Optional(seconds),
    acr: Type.Optional(Type.String({ minLength: 1 })),
    delegation: Type.Optional(Delegation)
  })
)

/**
 * Reads the subject token of an exchange. The client must be its audience: a service can exchange
 * only what was sent to it, and not what it has found elsewhere.
 */
export function subjectTokens(options: SubjectTokenOptions): ReadSubjectToken {
  const { recognise, verifyAssertion, audience, sightings } = options
  return async (text, type, { receives }) => {
    if (type === tokenType.accessToken) {
      const token = await recognise(text)
      if (token === null || token.kind !== 'access') {
        throw unacceptableSubject('it is not a valid access token of this server')
      }
      if (!receives.includes(token.delegation?.audience ?? audience)) {
        throw unacceptableSubject('it is for another audience than those of the client')
      }
      const seen = sightingOf(token)
      if (seen !== null) sightings.note(seen)
      return ofAccessToken(token.claims, token.kid)
    }
    if (type === tokenType.jwt) {
      const claims = await verifyAssertion(text, receives)
      if (claims === null) {
        throw unacceptableSubject('it is not a valid assertion for an audience of the client')
      }
      return ofAssertion(claims)
    }
    throw malformedRequest(
      `subject_token_type must be ${tokenType.accessToken}, or ${tokenType.jwt} for an assertion of a gateway`
    )
  }
}

const ofAccessToken = (claims: AccessTokenClaims, kid: string): SubjectToken => ({
  identity: { subject: claims.sub, session: claims.sid ?? null },
  scope: wordsOf(claims.scope),
  roles: claims.roles,
  email: claims.email ?? null,
  kid,
  issuedAt: claims.iat,
  expiresAt: claims.exp,
  authenticatedAt: claims.auth_time ?? null,
  authenticationClass: claims.acr ?? null,
  rightsVersion: claims.rights_version ?? null,
  delegation: delegatedBy(claims)
})

/** @throws OAuthRefusal invalid_request if the assertion is about a token of another issuer */
function ofAssertion(claims: AssertionClaims): SubjectToken {
  const { token } = claims
  if (!shape.Check(token)) {
    throw unacceptableSubject('the token behind the assertion is not one of this server')
  }
  return {
    identity: { subject: claims.sub, session: claims.sid ?? null },
    scope: wordsOf(claims.scope),
    roles: claims.roles,
    email: claims.email ?? null,
    kid: token.kid,
    issuedAt: token.iat,
    expiresAt: claims.token_exp,
    authenticatedAt: token.auth_time ?? null,
    authenticationClass: token.acr ?? null,
    rightsVersion: token.rights_version ?? null,
    delegation: delegatedBy({
      ...(claims.act === undefined ? {} : { act: claims.act }),
      ...(token.delegation === undefined ? {} : { delegation: token.delegation })
    })
  }
}

function delegatedBy(
  claims: Pick<AccessTokenClaims, 'act' | 'delegation'>
): SubjectToken['delegation'] {
  const actors = actorsOf(claims)
  if (actors === undefined) throw unacceptableSubject('its actors contradict each other')
  return actors === null ? null : { actors, keys: claims.delegation?.keys ?? [] }
}

const wordsOf = (scope: string): string[] => (scope === '' ? [] : scope.split(' '))
