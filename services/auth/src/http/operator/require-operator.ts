import { createHash, timingSafeEqual } from 'node:crypto'
import { isPrivateHost } from '@gatehouse/process/private-host'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type ActingOperator, BOOTSTRAP, isOperatorToken } from '../../operators/operator.ts'
import type { OperatorStore } from '../../operators/operator-store.ts'
import { notAnOperator, notForBrowsers } from '../http-refusals.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** who sends a request to the ops API; null before it was authenticated */
    operator: ActingOperator | null
  }
}

export type OperatorPolicy = {
  /** the bootstrap token */
  readonly token: string
  /** host names that this listener accepts, in addition to addresses and names without a dot */
  readonly hosts: readonly string[]
}

const BEARER = /^bearer +(\S+)$/i

/**
 * Authenticates every request to the ops API: with the token of a named operator, or with the
 * bootstrap token. It refuses pages in a browser, whatever token they have: a page sends `Origin`
 * or Fetch Metadata, and a page that reaches the listener through its own DNS name (DNS rebinding)
 * sends that name as the host.
 */
export function requireOperator(
  scope: FastifyInstance,
  { token, hosts }: OperatorPolicy,
  operators: Pick<OperatorStore, 'find'>
): void {
  const expected = digest(token)
  scope.decorateRequest('operator', null)
  scope.addHook('onRequest', async (request) => {
    const { headers, hostname } = request
    const fromPage = headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
    if (fromPage || !isPrivateHost(hostname, hosts)) throw notForBrowsers()
    const shown = BEARER.exec(headers.authorization ?? '')?.[1] ?? ''
    const named = isOperatorToken(shown) ? await operators.find(shown) : null
    const operator = timingSafeEqual(digest(shown), expected) ? BOOTSTRAP : named
    if (operator === null) throw notAnOperator()
    request.operator = operator
  })
}

/** The operator who sends a request. */
export function operatorOf({ operator }: Pick<FastifyRequest, 'operator'>): ActingOperator {
  if (operator === null) throw new Error('the request was not authenticated')
  return operator
}

/** With digests, texts of different lengths can be compared in constant time too. */
const digest = (text: string) => createHash('sha256').update(text).digest()
