import { identityHeader } from '@gatehouse/edge-headers/names'
import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { AssertionInvalid, assertionVerifier, type Caller } from './assertion.ts'
import type { GatewayKeys } from './gateway-keys.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** who is calling; null on a request that is not signed in */
    identity: Caller | null
  }
  interface FastifyContextConfig {
    /** 'optional': this route answers those as well who are not signed in */
    identity?: 'optional'
  }
}

export type IdentityOptions = {
  /** where the gateways publish their keys: `/.well-known/gateway-jwks.json` on the ops listener of one or several */
  gatewayKeys: GatewayKeys
  /** the names of the routes that lead to this service: only assertions made for them count */
  routes: string[]
  /** lets everyone in who is not signed in, on every route that does not itself ask for an identity */
  dangerouslyLetAnyoneIn?: boolean
}

/**
 * `request.identity` for a service behind the gateway, taken from the signed assertion alone: whoever reaches the
 * service without passing a gateway can write any header, but cannot sign. Closed by default: without an assertion no route
 * answers that does not say so itself.
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
    reason: 'the gateway keys are out of reach',
    headers: { 'retry-after': '1' },
    cause: error
  })
}

function unauthenticated(reason: string, cause?: unknown): Refusal {
  return new Refusal('UNAUTHENTICATED', { reason, headers: bearerChallenge(), cause })
}

/**
 * Who is calling.
 * @throws Refusal UNAUTHENTICATED where no one is signed in
 */
export function requireIdentity(request: FastifyRequest): Caller {
  if (request.identity === null) throw unauthenticated('no assertion')
  return request.identity
}

/** A hook that lets in only those whose token carries `scope`. */
export function requireScope(scope: string) {
  return async (request: FastifyRequest): Promise<void> => {
    if (requireIdentity(request).scope.includes(scope)) return
    throw new Refusal('FORBIDDEN', {
      reason: `scope ${scope} is missing`,
      detail: `this needs the scope ${scope}`,
      headers: bearerChallenge({ error: 'insufficient_scope', scope })
    })
  }
}

/** A hook that lets in only those who have `role`. */
export function requireRole(role: string) {
  return async (request: FastifyRequest): Promise<void> => {
    if (requireIdentity(request).roles.includes(role)) return
    throw new Refusal('FORBIDDEN', {
      reason: `role ${role} is missing`,
      detail: `this needs the role ${role}`
    })
  }
}

export type { Caller as Identity }
