import { isPrivateHost } from '@gatehouse/process/private-host'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ActingOperator } from '../../../operators/operator.ts'
import { notAnOperator, notForBrowsers } from '../../http-refusals.ts'
import { consoleSecretsOf } from './console-cookie.ts'
import type { OperatorCredentials } from './operator-credentials.ts'
import { isFromOwnPage, isFromPage } from './own-page.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** who sends a request to the ops API; null before it was authenticated */
    operator: ActingOperator | null
  }
}

const BEARER = /^bearer +(\S+)$/i

/**
 * Authenticates every request to the ops API: with the token of a named operator, with the
 * bootstrap token, or with a session of the console. It refuses pages in a browser, whatever token
 * they have, apart from the console's own page with a session: another page sends `Origin` or
 * Fetch Metadata, and a page that reaches the listener through its own DNS name (DNS rebinding)
 * sends that name as the host.
 * @param hosts names that this listener accepts, in addition to addresses and names without a dot
 */
export function requireOperator(
  scope: FastifyInstance,
  hosts: readonly string[],
  credentials: OperatorCredentials
): void {
  scope.decorateRequest('operator', null)
  scope.addHook('onRequest', async (request) => {
    const { headers, hostname } = request
    if (!isPrivateHost(hostname, hosts)) throw notForBrowsers()
    const operator = isFromPage(request)
      ? await operatorOfPage(request, credentials)
      : await credentials.ofToken(BEARER.exec(headers.authorization ?? '')?.[1] ?? '')
    if (operator === null) throw notAnOperator()
    request.operator = operator
  })
}

/** @throws Refusal FORBIDDEN if the page is not the console with a session, even one that ended */
async function operatorOfPage(
  request: FastifyRequest,
  credentials: OperatorCredentials
): Promise<ActingOperator | null> {
  const secrets = isFromOwnPage(request) ? consoleSecretsOf(request) : null
  if (secrets === null) throw notForBrowsers()
  return await credentials.ofSession(secrets, isUse(request))
}

/**
 * Whether an operator causes a request of the console. The page reads by itself as long as it is
 * open. While somebody uses it, it also asks who is signed in.
 */
const isUse = ({ method, routeOptions }: FastifyRequest): boolean =>
  !['GET', 'HEAD'].includes(method) || routeOptions.config.operation?.id === 'showOperator'

/** The operator who sends a request. */
export function operatorOf({ operator }: Pick<FastifyRequest, 'operator'>): ActingOperator {
  if (operator === null) throw new Error('the request was not authenticated')
  return operator
}
