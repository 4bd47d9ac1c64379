import type { ChainRecord } from '@gatehouse/audit-chain/chain-record'
import type { Fleet, LiveGateway } from '@gatehouse/fleet/fleet'
import type { AuditChain } from '../audit-chain/audit-chain.ts'
import { reportedFaults } from '../background/background-work.ts'
import type { KeyRecord } from '../keys/key-lifecycle.ts'
import type { KeyOperations } from '../keys/operations/key-operations.ts'
import { type FeedReader, type LiveEvent, mayRead } from './feed-reader.ts'
import { type Snapshot, snapshotOfGateways, snapshotOfKeys } from './snapshots.ts'

export type Following = {
  /** The reader can receive events again. */
  resume(): void
  stop(): void
}

type EventFeedOptions = {
  readonly audit: Pick<AuditChain, 'state' | 'records' | 'progress'>
  readonly keys: Pick<KeyOperations, 'list'>
  readonly fleet: Pick<Fleet, 'live'>
  /**
   * is called once per outage in which a store cannot be read, and for each connection whose
   * `isAllowed` rejects; the feed continues
   */
  readonly onFault: (error: unknown) => void
}

export type EventFeed = {
  /** The number of open connections. */
  count(): number
  /** Sends a reader what it has not seen, and what happens from now on. */
  follow(reader: FeedReader): Promise<Following>
  /** Reads the stores and sends what is new. Calls that overlap are one. */
  poll(): Promise<void>
  /** Ends all connections. */
  close(): void
}

/** how many earlier audit events a reader that reconnects can get */
export const MOST_REMEMBERED = 1000

type State = {
  /** the newest audit events, in order */
  remembered: ChainRecord[]
  /** the number of the last audit event that was read */
  last: number
  keys: Snapshot<readonly KeyRecord[]>
  gateways: Snapshot<readonly LiveGateway[]>
}

/** A connection, and what it has been sent. */
type Followed = {
  readonly reader: FeedReader
  after: number
  keys: string
  gateways: string
  isFull: boolean
}

/**
 * Sends live events to all readers. Each reader has a position in the audit log and no queue: a
 * slow reader gets later what it has missed, or a gap if those events are no longer remembered.
 */
export function eventFeed(options: EventFeedOptions): EventFeed {
  const stores = { ...options, attempt: reportedFaults((_store, error) => options.onFault(error)) }
  const followed = new Set<Followed>()
  let state: State | null = null
  let underWay: Promise<void> | null = null

  const pollOnce = async (): Promise<void> => {
    const now = state
    if (now !== null) await readNew(now, stores)
    for (const one of followed) {
      if (!(await mayRead(one.reader, options.onFault))) end(one)
      else if (state !== null) {
        pump(one, state)
        one.reader.beat()
      }
    }
  }
  const leave = (one: Followed): void => {
    followed.delete(one)
    // Without readers, the feed reads nothing, so its state would be outdated.
    if (followed.size === 0) state = null
  }
  const end = (one: Followed): void => {
    leave(one)
    one.reader.end()
  }

  return {
    count: () => followed.size,
    async follow(reader) {
      const begun = state ?? (await firstState(stores))
      state ??= begun
      const now = state
      const after = Math.min(reader.after ?? now.last, now.last)
      const one: Followed = { reader, after, keys: '', gateways: '', isFull: false }
      followed.add(one)
      pump(one, now)
      return {
        resume() {
          one.isFull = false
          if (state !== null && followed.has(one)) pump(one, state)
        },
        stop: () => leave(one)
      }
    },
    poll() {
      underWay ??= pollOnce().finally(() => {
        underWay = null
      })
      return underWay
    },
    close() {
      for (const one of followed) end(one)
    }
  }
}

type Stores = Omit<EventFeedOptions, 'onFault'> & {
  /** Reads one of them. */
  readonly attempt: ReturnType<typeof reportedFaults>
}

async function firstState(stores: Stores): Promise<State> {
  const { audit, keys } = stores
  const { last } = await audit.state()
  const state: State = {
    remembered: await audit.records(Math.max(0, last.seq - MOST_REMEMBERED), MOST_REMEMBERED),
    last: last.seq,
    keys: snapshotOfKeys(await keys.list()),
    gateways: { content: [], version: '' }
  }
  await readGateways(state, stores)
  return state
}

async function readNew(state: State, stores: Stores): Promise<void> {
  const { audit, keys, attempt } = stores
  await attempt('database', async () => {
    const { last } = await audit.progress()
    // Somebody who can write the database can move the end of the chain ahead, and back.
    const read = await audit.records(Math.min(state.last, last), MOST_REMEMBERED)
    const known = [...state.remembered, ...read].filter(({ seq }) => seq <= last)
    state.remembered = known.slice(-MOST_REMEMBERED)
    state.last = known.at(-1)?.seq ?? Math.min(state.last, last)
    state.keys = snapshotOfKeys(await keys.list())
  })
  await readGateways(state, stores)
}

/** The gateways are in another store, which may be unreachable while the audit log is not. */
const readGateways = (state: State, { fleet, attempt }: Stores): Promise<void> =>
  attempt('gateways', async () => {
    state.gateways = snapshotOfGateways(await fleet.live())
  })

/** Sends what a reader has not seen, as long as it has room. */
function pump(one: Followed, state: State): void {
  while (!one.isFull) {
    const event = nextEvent(one, state)
    if (event === null) return
    one.isFull = !one.reader.send(event, one.after)
  }
}

function nextEvent(one: Followed, { remembered, last, keys, gateways }: State): LiveEvent | null {
  if (one.keys !== keys.version) {
    one.keys = keys.version
    return { type: 'keys', keys: keys.content }
  }
  if (one.gateways !== gateways.version) {
    one.gateways = gateways.version
    return { type: 'gateways', gateways: gateways.content }
  }
  one.after = Math.min(one.after, last)
  if (one.after === last) return null
  const record = remembered.find(({ seq }) => seq > one.after)
  const next = record?.seq ?? last + 1
  const first = one.after + 1
  if (first < next) {
    one.after = next - 1
    return { type: 'gap', first, last: next - 1 }
  }
  one.after = next
  return record === undefined ? null : { type: 'audit', record }
}
