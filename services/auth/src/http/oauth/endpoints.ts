import { publicUrl } from '@gatehouse/access-token/public-url'
import type { Service } from '@gatehouse/http-service/build-service'
import { refuseEncoded } from '@gatehouse/http-service/encoded-bodies'
import { type ErrorForm, oauthForm, problemForm } from '@gatehouse/http-service/error-form'
import type { SightingReport } from '@gatehouse/sightings/report-sightings'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Registry } from 'prom-client'
import { clientAuthentication } from '../../oauth/client/authenticate-client.ts'
import { type FormParameters, readForm } from '../../oauth/form/form-parameters.ts'
import { malformedRequest, notAForm } from '../../oauth/oauth-refusals.ts'
import { oauthPath } from '../../oauth/server-metadata.ts'
import { exchangeMetrics } from '../../oauth/token/exchange-metrics.ts'
import { introspection } from '../../oauth/token/introspection.ts'
import { tokenRecognition } from '../../oauth/token/recognise-token.ts'
import { revocation } from '../../oauth/token/revocation.ts'
import { subjectTokens, type VerifyAssertion } from '../../oauth/token/subject-token.ts'
import { tokenExchange } from '../../oauth/token/token-exchange.ts'
import { tokenStanding } from '../../oauth/token/token-standing.ts'
import type { KeyRing } from '../../secrets/key-ring.ts'
import type { AuthSettings } from '../app-settings.ts'
import type { AuthState } from '../auth-state.ts'
import { nameCaller } from '../name-caller.ts'
import { requestSourceOf } from '../request-source.ts'
import { introspect } from './introspect.ts'
import { metadata } from './metadata.ts'
import type { OAuthOptions } from './oauth-route.ts'
import { revoke } from './revoke.ts'
import { token } from './token.ts'

/** What the OAuth endpoints are built from. */
type OAuthParts = Pick<
  AuthState,
  'accounts' | 'audit' | 'clients' | 'keys' | 'revocations' | 'sessions' | 'tokens'
> & {
  readonly settings: Pick<AuthSettings, 'tokenPolicy'>
  readonly registry: Registry
  readonly verifyAssertion: VerifyAssertion
  readonly ring: KeyRing
  readonly sightings: Pick<SightingReport, 'note'>
  readonly clock: () => number
}

const FORM = 'application/x-www-form-urlencoded'
/** RFC 7617 §2 */
const CHALLENGE = 'Basic realm="gatehouse", charset="UTF-8"'
/** The endpoints whose errors OAuth clients read. */
const endpoints = new Set<string>([oauthPath.token, oauthPath.revoke, oauthPath.introspect])

/** OAuth clients expect every error in the form of RFC 6749 §5.2. */
export const oauthErrorForm = ({ url }: FastifyRequest): ErrorForm =>
  endpoints.has(url.split('?', 1)[0] ?? '') ? oauthForm : problemForm

function oauthEndpoints(service: Service, parts: OAuthParts, done: () => void): void {
  service.removeAllContentTypeParsers()
  service.addContentTypeParser(
    FORM,
    { parseAs: 'buffer' },
    async ({ headers }: FastifyRequest, body: Buffer) => {
      refuseEncoded(headers)
      return readForm(body)
    }
  )
  service.addContentTypeParser('*', async () => {
    throw notAForm()
  })
  // For clients that sent `Authorization` (RFC 6749 §5.2). Other clients would report the challenge
  // instead of the error.
  service.addHook('onSend', async (request, reply) => {
    if (reply.statusCode === 401 && request.headers.authorization !== undefined) {
      reply.header('www-authenticate', CHALLENGE)
    }
  })
  const options = oauthOptions(parts)
  for (const route of [token, revoke, introspect, metadata]) route(service, options)
  done()
}

/** The OAuth endpoints, in a scope that reads only forms and no cookie. */
export const oauth = fp(oauthEndpoints, { name: 'oauth', encapsulate: true })

function oauthOptions(parts: OAuthParts): OAuthOptions {
  const { sessions, audit, tokens } = parts
  const { tokenPolicy } = parts.settings
  const { issuer, audience } = tokenPolicy
  const recognise = tokenRecognition({ ...parts, tokenPolicy })
  const audiences = [issuer, publicUrl(issuer, oauthPath.token)]
  const standing = tokenStanding(parts)
  const readSubject = subjectTokens({ ...parts, recognise, audience })
  const authenticate = clientAuthentication({ ...parts, audiences })
  return {
    tokens,
    sessions,
    audit,
    exchangeRefused: exchangeMetrics(parts.registry),
    issuer,
    revoke: revocation({ recognise, sessions }),
    exchange: tokenExchange({ readSubject, standing, tokens, audit }),
    introspect: introspection({ ...parts, recognise, issuer, standing }),
    async read(request, reply) {
      // A token or a secret in a query would be in logs (RFC 6749 §2.3.1, RFC 9700 §4.3).
      if (request.url.includes('?')) throw malformedRequest('parameters belong in the body')
      const begunMs = parts.clock()
      // The parser above is the only one. Without a body, there are no parameters.
      const form = (request.body ?? new Map()) as FormParameters
      const caller = await authenticate(
        request.headers.authorization,
        form,
        requestSourceOf(request)
      )
      nameCaller(reply, { client: caller.client?.id })
      return { form, caller, begunMs }
    }
  }
}
