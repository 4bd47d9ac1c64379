import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Caller } from './assertion.ts'
import { callerOf } from './caller-of.ts'
import { readAssertion } from './header-source.ts'
import { checkOptions } from './options.ts'
import { unauthenticated } from './refusals.ts'
import { requireCaller, requireRole as roleOf, requireScope as scopeOf } from './requirements.ts'
import type { VerifyOptions } from './verify-assertion.ts'

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

export type IdentityOptions = VerifyOptions & {
  /** serves anonymous requests on every route that does not itself require an identity */
  readonly dangerouslyLetAnyoneIn?: boolean
}

const plugin: FastifyPluginAsync<IdentityOptions> = async (service: FastifyInstance, options) => {
  const audience = checkOptions(options)
  service.decorateRequest('identity', null)
  service.addHook('onRequest', (request, _reply, done) => {
    const assertion = readAssertion(request.headers)
    if (assertion === null) {
      const isOptional =
        options.dangerouslyLetAnyoneIn || request.routeOptions.config?.identity === 'optional'
      return done(isOptional ? undefined : unauthenticated('no assertion'))
    }
    callerOf(assertion, audience, options).then((caller) => {
      request.identity = caller
      done()
    }, done)
  })
}

/**
 * `request.identity` for a service behind the gateway. It comes from the signed assertion only: a
 * program that reaches the service without a gateway can write any header, but cannot sign. Closed
 * by default: a route answers 401 without an assertion, unless it says otherwise.
 */
export const identity: FastifyPluginAsync<IdentityOptions> = Object.assign(plugin, {
  // What fastify-plugin sets: the decorator and the hook are those of the whole service.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@gatehouse/identity',
  [Symbol.for('plugin-meta')]: { fastify: '5.x', name: '@gatehouse/identity' }
})

/**
 * The caller.
 * @throws Refusal UNAUTHENTICATED if the request is anonymous
 */
export const requireIdentity = (request: FastifyRequest): Caller => requireCaller(request.identity)

/** A hook that refuses callers whose token does not have `scope`. */
export function requireScope(scope: string) {
  return async (request: FastifyRequest): Promise<void> => {
    scopeOf(request.identity, scope)
  }
}

/** A hook that refuses callers who do not have `role`. */
export function requireRole(role: string) {
  return async (request: FastifyRequest): Promise<void> => {
    roleOf(request.identity, role)
  }
}

export type { Caller as Identity }
