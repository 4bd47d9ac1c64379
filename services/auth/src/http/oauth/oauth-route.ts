import type { Service } from '@gatehouse/http-service/build-service'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { OAuthCaller } from '../../oauth/client/authenticate-client.ts'
import type { FormParameters } from '../../oauth/form/form-parameters.ts'
import type { Introspect } from '../../oauth/token/introspection.ts'
import type { ExchangeRefusal } from '../../oauth/token/refused-exchange.ts'
import type { Revoke } from '../../oauth/token/revocation.ts'
import type { ExchangeToken } from '../../oauth/token/token-exchange.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import type { AccessTokens } from '../../tokens/access-token.ts'

/** The parameters of a request, and its caller. */
export type OAuthRequest = {
  readonly form: FormParameters
  readonly caller: OAuthCaller
  /** the time before the caller was looked up, in milliseconds since 1970 */
  readonly begunMs: number
}

/** What the OAuth endpoints depend on. */
export type OAuthOptions = {
  /** @throws OAuthRefusal invalid_client, invalid_request */
  readonly read: (request: FastifyRequest, reply: FastifyReply) => Promise<OAuthRequest>
  readonly tokens: AccessTokens
  readonly sessions: Sessions
  readonly exchange: ExchangeToken
  /** counts an exchange that was refused */
  readonly exchangeRefused: (reason: ExchangeRefusal) => void
  readonly revoke: Revoke
  readonly introspect: Introspect
  readonly audit: AuditLog
  readonly issuer: string
}

/** An endpoint: one file with one purpose. */
export type OAuthRoute = (service: Service, options: OAuthOptions) => void
