import type { RequestSource } from '../../audit/audit-event.ts'
import { formReader } from '../../oauth/form/form-reader.ts'
import { invalidClient } from '../../oauth/oauth-refusals.ts'
import { exchangeRefusalOf } from '../../oauth/token/refused-exchange.ts'
import { tokenType } from '../../oauth/token/subject-token.ts'
import type { OAuthOptions, OAuthRequest } from './oauth-route.ts'
import { type OAuthTokenResponse, TokenForm } from './token-schema.ts'

type ExchangeOptions = Pick<OAuthOptions, 'exchange' | 'exchangeRefused'>

/** RFC 8693: a token with which a service calls another one as the user who called it. */
export async function exchangeGrant(
  request: OAuthRequest,
  source: RequestSource,
  options: ExchangeOptions
): Promise<OAuthTokenResponse> {
  try {
    return await exchanged(request, source, options)
  } catch (error) {
    options.exchangeRefused(exchangeRefusalOf(error))
    throw error
  }
}

async function exchanged(
  { form, caller, begunMs }: OAuthRequest,
  source: RequestSource,
  { exchange }: ExchangeOptions
): Promise<OAuthTokenResponse> {
  const { client } = caller
  if (client === null) throw invalidClient('token exchange requires client authentication')
  const { required, optional } = formReader(form, TokenForm)
  const asked = {
    subjectToken: required('subject_token'),
    subjectTokenType: required('subject_token_type'),
    audience: required('audience'),
    scope: optional('scope'),
    roles: optional('roles'),
    requestedTokenType: optional('requested_token_type'),
    resource: optional('resource'),
    actorToken: optional('actor_token') ?? optional('actor_token_type')
  }
  const { token, expiresIn, scope } = await exchange(asked, { client, begunMs, source })
  return {
    access_token: token,
    issued_token_type: tokenType.accessToken,
    token_type: 'Bearer',
    expires_in: expiresIn,
    scope
  }
}
