import type { Server } from 'node:http'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { OpenConnections } from './open-connections.ts'

/** After so many turns, the listener closes even if connections still arrive in each of them. */
const MOST_TURNS = 1000
const SHORT_MS = 0.05

/**
 * Closes the listener of a service when no connection waits to be accepted, and idle connections
 * when no bytes wait to be read. The kernel resets what waits at that moment, and a proxy must not
 * repeat a POST that was reset (RFC 9110 §9.2.2). Node.js accepts one connection in each turn of
 * the event loop, and closes idle connections before the listener; Fastify runs its hooks before
 * that.
 */
export function closeAfterPoll(service: FastifyInstance, connections: OpenConnections): void {
  const { server } = service
  let opened = 0
  connections.onOpen(() => {
    opened += 1
  })
  const allAccepted = async (): Promise<void> => {
    // After a sleep, the scheduler interrupts a process less often, so the turns below are short.
    await sleep(1)
    for (let turn = 0; turn < MOST_TURNS; turn += 1) {
      const before = opened
      const began = performance.now()
      await setImmediate()
      if (opened === before && performance.now() - began < SHORT_MS) return
    }
  }
  const close = server.close.bind(server)
  const closeIdle = server.closeIdleConnections.bind(server)
  const closeNow = async (done?: (error?: Error) => void): Promise<void> => {
    await allAccepted()
    // `close` would call it before it closes the listener.
    server.closeIdleConnections = () => {}
    close(done)
    server.closeIdleConnections = closeIdle
    await allAccepted()
    closeIdle()
  }
  server.close = (done): Server => {
    closeNow(done).catch(done)
    return server
  }
}
