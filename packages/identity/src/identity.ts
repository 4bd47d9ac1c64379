import { identityHeader } from '@gatehouse/edge-headers/names'
import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { AssertionInvalid, assertionVerifier, type Caller } from './assertion.ts'
import type { GatewayKeys } from './gateway-keys.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** the caller; null if the request is not signed in */
    identity: Caller | null
  }
  interface FastifyContextConfig {
    /** 'optional': this route also serves anonymous requests */
    identity?: 'optional'
  }
}

export type IdentityOptions = {
  /**
   * where the gateways publish their keys: `/.well-known/gateway-jwks.json` on the ops listener of
   * one or several gateways
   */
  gatewayKeys: GatewayKeys
  /** the names of the routes that lead to this service; only assertions for these are accepted */
  routes: string[]
  /** serves anonymous requests on every route that does not itself require an identity */
  dangerouslyLetAnyoneIn?: boolean
}

/**
 * `request.identity` for a service behind the gateway. It comes from the signed assertion only: a
 * program that reaches the service without a gateway can write any header, but cannot sign. Closed
 * by default: a route answers 401 without an assertion, unless it says otherwise.
 */
export const identity = fp(async (service: FastifyInstance, options: IdentityOptions) => {
  const { gatewayKeys, routes, dangerouslyLetAnyoneIn = false } = options
  const verify = assertionVerifier(gatewayKeys, routes)
  service.decorateRequest('identity', null)
  service.addHook('onRequest', async (request) => {
    const assertion = request.headers[identityHeader.assertion]
    if (typeof assertion === 'string') request.identity = await verify(assertion).catch(refuse)
    else if (!dangerouslyLetAnyoneIn && request.routeOptions.config?.identity !== 'optional') {
      throw unauthenticated('no assertion')
    }
  })
})

function refuse(error: unknown): never {
  if (error instanceof AssertionInvalid) throw unauthenticated('the assertion is not valid', error)
  throw new Refusal('UNAVAILABLE', {
    reason: 'the keys of the gateways cannot be fetched',
    headers: { 'retry-after': '1' },
    cause: error
  })
}

function unauthenticated(reason: string, cause?: unknown): Refusal {
  return new Refusal('UNAUTHENTICATED', { reason, headers: bearerChallenge(), cause })
}

/**
 * The caller.
 * @throws Refusal UNAUTHENTICATED if nobody is signed in
 */
export function requireIdentity(request: FastifyRequest): Caller {
  if (request.identity === null) throw unauthenticated('no assertion')
  return request.identity
}

/** A hook that refuses callers whose token does not have `scope`. */
export function requireScope(scope: string) {
  return async (request: FastifyRequest): Promise<void> => {
    if (requireIdentity(request).scope.includes(scope)) return
    throw new Refusal('FORBIDDEN', {
      reason: `scope ${scope} is missing`,
      detail: `the request needs the scope ${scope}`,
      headers: bearerChallenge({ error: 'insufficient_scope', scope })
    })
  }
}

/** A hook that refuses callers who do not have `role`. */
export function requireRole(role: string) {
  return async (request: FastifyRequest): Promise<void> => {
    if (requireIdentity(request).roles.includes(role)) return
    throw new Refusal('FORBIDDEN', {
      reason: `role ${role} is missing`,
      detail: `the request needs the role ${role}`
    })
  }
}

export type { Caller as Identity }
