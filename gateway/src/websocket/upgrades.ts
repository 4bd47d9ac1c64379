import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { holdBytes } from '@gatehouse/http-service/held-bytes'
import { afterEarlierAnswers } from '@gatehouse/http-service/one-at-a-time'
import type { FastifyInstance } from 'fastify'
import { guard, type NoteFault } from '../forwarding/guard.ts'

/** Stops reading the connection of an upgrade, and returns what its client has sent behind it. */
export type ReleaseUpgrade = (raw: IncomingMessage) => Buffer

/**
 * Sends upgrades the way of every request: the same hooks, the same stages, the same refusals, and after the answers to the
 * requests before them. Until one is released, a client that leaves ends it as it would end a request.
 */
export function takeUpgrades(app: FastifyInstance, noteFault: NoteFault): ReleaseUpgrade {
  const releases = new WeakMap<IncomingMessage, () => Buffer>()
  app.server.on('upgrade', (raw: IncomingMessage, socket: Socket, head: Buffer) => {
    const guarded = guard({ place: 'upgrade', noteFault, end: () => socket.destroy() })
    socket.on('error', () => socket.destroy())
    afterEarlierAnswers(
      socket,
      guarded((more: Buffer) => {
        // The last answer was to be the last of the connection.
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
  // Node.js does this for a request; without it, an answer that its client reads slowly would stop for ever.
  socket.on('drain', () => response.emit('drain'))
  app.routing(raw, response)
}
