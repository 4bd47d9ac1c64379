import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { holdBytes } from '@gatehouse/http-service/held-bytes'
import { afterEarlierResponses } from '@gatehouse/http-service/one-at-a-time'
import type { FastifyInstance } from 'fastify'
import { guard, type NoteFault } from '../forwarding/faults/guard.ts'

/** Stops reading the connection of an upgrade, and returns what its client has sent after it. */
export type ReleaseUpgrade = (raw: IncomingMessage) => Buffer

/**
 * Handles upgrades like every other request: the same hooks, stages and refusals, and after the
 * responses to earlier requests. Until an upgrade is released, a client that disconnects ends it
 * like a request.
 */
export function takeUpgrades(app: FastifyInstance, noteFault: NoteFault): ReleaseUpgrade {
  const releases = new WeakMap<IncomingMessage, () => Buffer>()
  app.server.on('upgrade', (raw: IncomingMessage, socket: Socket, head: Buffer) => {
    const guarded = guard({ place: 'upgrade', noteFault, end: () => socket.destroy() })
    socket.on('error', () => socket.destroy())
    afterEarlierResponses(
      socket,
      guarded((more: Buffer) => {
        // The previous response was the last one on this connection.
        if (socket.destroyed || socket.writableEnded) return
        const release = holdBytes(socket)
        releases.set(raw, () => Buffer.concat([head, more, release()]))
        takeUp(app, raw, socket)
      })
    )
  })
  return (raw) => releases.get(raw)?.() ?? Buffer.alloc(0)
}

function takeUp(app: FastifyInstance, raw: IncomingMessage, socket: Socket): void {
  const response = new ServerResponse(raw)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => socket.destroySoon())
  // Node.js does this for a request. Without it, a response that its client reads slowly would stop
  // forever.
  socket.on('drain', () => response.emit('drain'))
  app.routing(raw, response)
}
