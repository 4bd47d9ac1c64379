import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance, FastifySchema } from 'fastify'

/** A route of a listener, with the schemas and the description that its code gives it. */
export type CollectedRoute = {
  readonly method: string
  /** as the framework writes it, such as /sessions/:id */
  readonly url: string
  readonly schema: FastifySchema
}

/** The routes of one listener. */
export type Listener = readonly CollectedRoute[]

/**
 * Starts something, and collects the routes of each listener that it builds in this process.
 * Fastify announces each instance on a diagnostics channel before any route is added.
 */
export async function collectRoutes<Started>(
  start: () => Promise<Started>
): Promise<{ readonly started: Started; readonly listeners: readonly Listener[] }> {
  const listeners: CollectedRoute[][] = []
  const onInitialization = (message: unknown): void => {
    const { fastify } = message as { fastify: FastifyInstance }
    const routes: CollectedRoute[] = []
    listeners.push(routes)
    fastify.addHook('onRoute', ({ method, url, schema = {} }) => {
      for (const one of [method].flat()) {
        // Every GET also answers HEAD (RFC 9110 §9.3.2).
        if (one !== 'HEAD' && schema.hidden !== true) routes.push({ method: one, url, schema })
      }
    })
  }
  subscribe('fastify.initialization', onInitialization)
  try {
    return { started: await start(), listeners }
  } finally {
    unsubscribe('fastify.initialization', onInitialization)
  }
}
