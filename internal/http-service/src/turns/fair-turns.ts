type Handle = () => void

/** The requests of one client that wait, by connection. */
type Waiting = Map<object, Handle[]>

export type FairTurns = {
  /** Handles a request now, or in a later turn of the event loop. */
  take(client: string, connection: object, handle: Handle): void
}

/** How a turn is measured and divided; Node.js itself, except in tests. */
type EventLoop = {
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

/** How long the requests of all connections may occupy a turn, in milliseconds. */
const LONGEST_TURN_MS = 10
/**
 * The same for what they send. It is less, because it comes before the requests, and has smaller
 * steps.
 */
export const LONGEST_READS_MS = 4

/**
 * Divides requests among the turns of the event loop, so that those that arrive together do not
 * hold it until the last one is handled. A turn takes requests until its time is used up, whatever
 * each of them costs. While requests wait, the clients take turns with one request each, and so do
 * the connections of a client. So a client with a hundred connections delays the request of another
 * client by one turn.
 * @param longestMs how long they may hold a turn
 */
export function fairTurns(longestMs = LONGEST_TURN_MS, loop: EventLoop = nodeLoop): FairTurns {
  const turns: Turns = { loop, longestMs, clients: new Map(), taken: new Map(), beganMs: null }
  return {
    take(client, connection, handle) {
      if (turns.beganMs === null) {
        turns.beganMs = loop.clock()
        loop.nextTurn(() => begin(turns))
      }
      const isFree = turns.clients.size === 0 && hasTime(turns) && mayTake(turns, connection)
      if (!isFree) return wait(turns, client, connection, handle)
      note(turns, connection)
      handle()
    }
  }
}

/** The turn that is under way, and the requests that wait for a later one. */
type Turns = {
  readonly loop: EventLoop
  readonly longestMs: number
  /** in the order in which they get their next request handled */
  readonly clients: Map<string, Waiting>
  /** how many requests of each connection this turn has handled */
  readonly taken: Map<object, number>
  /** null: nothing was taken since the last turn */
  beganMs: number | null
}

/** Begins a turn with the requests that wait. */
function begin(turns: Turns): void {
  turns.taken.clear()
  turns.beganMs = null
  if (turns.clients.size === 0) return
  turns.beganMs = turns.loop.clock()
  work(turns)
}

/** Handles one request after the other until the time of the turn is used up. */
function work(turns: Turns): void {
  const { nextTurn, afterPromises } = turns.loop
  const handle = hasTime(turns) ? next(turns) : null
  if (handle === null) {
    nextTurn(() => begin(turns))
    return
  }
  try {
    handle()
  } finally {
    afterPromises(() => work(turns))
  }
}

const hasTime = ({ beganMs, longestMs, loop }: Turns): boolean =>
  beganMs === null || loop.clock() - beganMs < longestMs

const mayTake = ({ taken }: Turns, connection: object): boolean =>
  (taken.get(connection) ?? 0) < MOST_OF_A_CONNECTION

function note({ taken }: Turns, connection: object): void {
  taken.set(connection, (taken.get(connection) ?? 0) + 1)
}

function wait({ clients }: Turns, client: string, connection: object, handle: Handle): void {
  const connections = clients.get(client) ?? new Map<object, Handle[]>()
  const waiting = connections.get(connection) ?? []
  waiting.push(handle)
  connections.set(connection, waiting)
  clients.set(client, connections)
}

/** The next request that waits, if its connection has not had its part of this turn. */
function next(turns: Turns): Handle | null {
  const { clients } = turns
  for (const [client, connections] of clients) {
    for (const [connection, waiting] of connections) {
      if (!mayTake(turns, connection)) continue
      const handle = waiting.shift()
      // Both go to the end of their queue, or out of it.
      connections.delete(connection)
      clients.delete(client)
      if (waiting.length > 0) connections.set(connection, waiting)
      if (connections.size > 0) clients.set(client, connections)
      note(turns, connection)
      return handle ?? null
    }
  }
  return null
}
