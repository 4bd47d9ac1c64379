type Handle = () => void

/** The requests of one client that wait, by connection. */
type Waiting = Map<object, Handle[]>

export type FairTurns = {
  /** Handles a request now, or in a later turn of the event loop. */
  take(client: string, connection: object, handle: Handle): void
}

/** How a turn is measured and divided; Node.js itself, except in tests. */
export type EventLoop = {
  /** in milliseconds */
  readonly clock: () => number
  /** calls back in the next turn */
  readonly nextTurn: (callback: () => void) => void
  /** calls back in the same turn, after the promises that are settled by then */
  readonly afterPromises: (callback: () => void) => void
}

const nodeLoop: EventLoop = {
  clock: () => performance.now(),
  nextTurn: (callback) => setImmediate(callback),
  afterPromises: (callback) => queueMicrotask(() => process.nextTick(callback))
}

/** How many requests of one connection are handled per turn. */
const MOST_OF_A_CONNECTION = 8

/** How long the requests of all connections may hold a turn, in milliseconds. */
const LONGEST_TURN_MS = 10

/**
 * Divides requests among the turns of the event loop, so that those that arrive together do not
 * hold it until the last one is handled. A turn takes requests until its time is used up, whatever
 * each of them costs. While requests wait, the clients take turns with one request each, and so do
 * the connections of a client. So a client with a hundred connections delays the request of another
 * client by one turn.
 */
export function fairTurns(loop: EventLoop = nodeLoop): FairTurns {
  const { clock, nextTurn, afterPromises } = loop
  const clients = new Map<string, Waiting>()
  const taken = new Map<object, number>()
  /** null: nothing was taken since the last turn */
  let beganMs: number | null = null

  const begin = (): void => {
    taken.clear()
    beganMs = null
    if (clients.size === 0) return
    beganMs = clock()
    nextTurnsWork()
  }
  const nextTurnsWork = (): void => {
    const handle = hasTime() ? next() : null
    if (handle === null) {
      nextTurn(begin)
      return
    }
    try {
      handle()
    } finally {
      afterPromises(nextTurnsWork)
    }
  }
  const hasTime = (): boolean => beganMs === null || clock() - beganMs < LONGEST_TURN_MS
  const mayTake = (connection: object): boolean =>
    (taken.get(connection) ?? 0) < MOST_OF_A_CONNECTION
  const note = (connection: object): void => {
    taken.set(connection, (taken.get(connection) ?? 0) + 1)
  }

  /** The next request that waits, if its connection has not had its part of this turn. */
  const next = (): Handle | null => {
    for (const [client, connections] of clients) {
      for (const [connection, waiting] of connections) {
        if (!mayTake(connection)) continue
        const handle = waiting.shift()
        // Both go to the end of their queue, or out of it.
        connections.delete(connection)
        clients.delete(client)
        if (waiting.length > 0) connections.set(connection, waiting)
        if (connections.size > 0) clients.set(client, connections)
        note(connection)
        return handle ?? null
      }
    }
    return null
  }

  return {
    take(client, connection, handle) {
      if (beganMs === null) {
        beganMs = clock()
        nextTurn(begin)
      }
      if (clients.size === 0 && hasTime() && mayTake(connection)) {
        note(connection)
        handle()
        return
      }
      const connections = clients.get(client) ?? new Map<object, Handle[]>()
      const waiting = connections.get(connection) ?? []
      waiting.push(handle)
      connections.set(connection, waiting)
      clients.set(client, connections)
    }
  }
}
