import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { allAccepted } from '@gatehouse/http-service/all-accepted'

/** How many connections may wait in the primary process for a worker. */
const MOST_WAITING = 1024
/** How many of them one client may have. */
const MOST_OF_CLIENT = 256
/** How long they may wait when the listening sockets have closed. */
const HANDED_OUT_MS = 1000
const POLL_MS = 5

/** The client to which an address belongs; null: to many, so that only the first limit applies. */
export type ClientOf = (address: string) => string | null

/** A connection that was accepted, as Node.js represents it inside. */
type Accepted = {
  close(done?: () => void): void
  getpeername?(told: { address?: string }): number
}
type Listening = {
  onconnection: ((error: number, accepted?: Accepted) => void) | undefined
  /** harmless if it has closed */
  close(): void
}

/** The connections that wait in the primary process for a worker, and its listening sockets. */
export type WaitingConnections = {
  /**
   * Closes the listening sockets when no connection waits to be accepted. Resolves when workers
   * have taken all connections, or after `mostMs`.
   */
  closeListeners(mostMs?: number): Promise<void>
  /** ends the bounds for sockets that are opened later */
  end(): void
}

/** Published by Node.js for each server that begins to listen. */
const LISTENS = 'tracing:net.server.listen:asyncEnd'

/**
 * Bounds the connections that wait in the primary process. `node:cluster` accepts every connection
 * there and keeps it until a worker takes it, and all other limits are in the workers. While these
 * are busy, clients could otherwise open connections until the process has no file left, not even
 * for its ops listener. A connection over a limit is closed at once. `node:cluster` has no
 * option for this, so the function replaces the callback of its listening sockets.
 */
export function waitingConnections(clientOf: ClientOf): WaitingConnections {
  const queue: Queue = { ofClients: new Map(), total: 0 }
  const listeners: Listening[] = []
  let arrived = 0
  const bound = (listening: Listening): void => {
    const { onconnection: accept } = listening
    if (accept === undefined) throw new Error('node:cluster accepts connections in another way')
    listeners.push(listening)
    listening.onconnection = (error, accepted) => {
      arrived += 1
      if (error === 0 && accepted !== undefined) {
        const client = clientOf(addressOf(accepted))
        if (isFull(queue, client)) return accepted.close()
        countUntilClosed(queue, accepted, client)
      }
      accept.call(listening, error, accepted)
    }
  }
  const onListens = (message: unknown): void => {
    const { server } = message as { server: Server & { _handle: Listening | null } }
    const { _handle: handle } = server
    if (handle === null) return
    server.once('listening', () =>
      // After all listeners of this event: node:cluster takes the handle from its server in one.
      process.nextTick(() => {
        if (server._handle === null) bound(handle)
      })
    )
  }
  subscribe(LISTENS, onListens)
  return {
    async closeListeners(mostMs = HANDED_OUT_MS) {
      await allAccepted(() => arrived)
      for (const listening of listeners) listening.close()
      const latestMs = performance.now() + mostMs
      while (queue.total > 0 && performance.now() < latestMs) await sleep(POLL_MS)
    },
    end: () => unsubscribe(LISTENS, onListens)
  }
}

/** The connections that wait. */
type Queue = { readonly ofClients: Map<string, number>; total: number }

function addressOf(accepted: Accepted): string {
  const told: { address?: string } = {}
  accepted.getpeername?.(told)
  return told.address ?? ''
}

const isFull = ({ ofClients, total }: Queue, client: string | null): boolean =>
  total >= MOST_WAITING || (client !== null && (ofClients.get(client) ?? 0) >= MOST_OF_CLIENT)

function countUntilClosed(queue: Queue, accepted: Accepted, client: string | null): void {
  const { ofClients } = queue
  queue.total += 1
  if (client !== null) ofClients.set(client, (ofClients.get(client) ?? 0) + 1)
  const { close } = accepted
  // Closed here once a worker has its own copy, or when all workers have ended.
  accepted.close = (done) => {
    accepted.close = close
    queue.total -= 1
    close.call(accepted, done)
    if (client === null) return
    const left = (ofClients.get(client) ?? 1) - 1
    if (left > 0) ofClients.set(client, left)
    else ofClients.delete(client)
  }
}
