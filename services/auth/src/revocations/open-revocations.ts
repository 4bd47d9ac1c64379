import { faultCause } from '@gatehouse/redis/fault-cause'
import type { RevocationSource } from '@gatehouse/revocation/revocation'
import type { Database } from '../database/open-database.ts'
import type { Ports } from '../ports.ts'
import type { EmbeddedStore, InRedis, SharedStore } from '../redis/shared-store.ts'
import { watchedStore } from '../telemetry/store-call.ts'
import { type AcceptedSeconds, readAcceptedSeconds } from './accepted-seconds.ts'
import {
  type ChangeMarks,
  markingWriter,
  memoryChangeMarks,
  redisChangeMarks
} from './change-marks.ts'
import { type CompleteLogs, completeLogs } from './complete-logs.ts'
import { openHeartbeats } from './heartbeats.ts'
import {
  type RevocationWriter,
  redisRevocationWriter,
  sqliteRevocationWriter
} from './revocation-log.ts'
import type { RevocationConfig } from './revocation-settings.ts'
import { type SqliteRevocations, sqliteRevocations } from './sqlite-revocations.ts'
import { type StaleTokens, staleTokens } from './stale-tokens.ts'

/** Revokes tokens that are not revoked by the end of their session. */
export type Revocations = RevocationWriter & {
  readonly stale: StaleTokens
  readonly marks: ChangeMarks
}

/** The store of the revocation log, in which the families are too. */
type LogStore = InRedis | (EmbeddedStore & { readonly source: SqliteRevocations })

export type OpenRevocations = Revocations & {
  readonly logStore: LogStore
  /** the log for gateways of this process; null if gateways read it from Redis */
  readonly source: RevocationSource | null
  readonly acceptedSeconds: AcceptedSeconds
  /** the logs into which this process writes heartbeats */
  readonly complete: CompleteLogs
  /** Seconds since the log last accepted a write of this process; 0 if it is in this process. */
  unwrittenSeconds(): number
}

const calls = { append: 'revocation_append' } as const satisfies Record<
  keyof RevocationWriter,
  string
>

type RevocationPorts = Pick<
  Ports,
  'log' | 'registry' | 'storeMetrics' | 'monotonicClock' | 'closing' | 'jobs'
> & {
  readonly database: Database
  readonly store: SharedStore
  /** the longest lifetime of the tokens that a published key may have signed */
  readonly longestTokenSeconds: () => Promise<number>
}

export async function openRevocations(
  config: RevocationConfig,
  ports: RevocationPorts
): Promise<OpenRevocations> {
  const { database, store, longestTokenSeconds } = ports
  const lifetimeSeconds = config.AUTH_ACCESS_TTL_SECONDS
  const acceptedSeconds = await database.whenThere(() =>
    readAcceptedSeconds(lifetimeSeconds, longestTokenSeconds)
  )
  const replicas = config.REDIS_REVOCATION_REPLICAS
  const { logStore, writer: own } = openLog(store, acceptedSeconds.last(), replicas)
  const name = logStore.kind === 'redis' ? 'redis' : 'sqlite'
  const watch = ports.storeMetrics(name, Object.values(calls))
  const writer = watchedStore(own, calls, watch)
  const complete = completeLogs()
  const heartbeats = await openHeartbeats(logStore.kind === 'redis' ? logStore.redis : null, {
    ...(logStore.kind === 'redis' ? { partitions: logStore.partitions } : {}),
    complete,
    replicas,
    metrics: ports.registry,
    monotonicClock: ports.monotonicClock,
    onFault: (error) =>
      ports.log.warn({ cause: faultCause(error) }, 'writing to the revocation log failed')
  })
  if (heartbeats !== null) ports.closing.defer(() => heartbeats.close())
  const marks =
    logStore.kind === 'redis'
      ? redisChangeMarks(logStore.redis, logStore.partitions)
      : memoryChangeMarks()
  const stale = staleTokens({
    db: database.tables,
    revocations: markingWriter(writer, marks),
    lifetimeSeconds,
    longestTokenSeconds,
    clock: store.clock
  })
  ports.jobs.push({ name: 'publish stale tokens to the gateways', run: stale.publishNoted })
  return {
    append: writer.append,
    stale,
    marks,
    logStore,
    source: logStore.kind === 'redis' ? null : logStore.source,
    acceptedSeconds,
    complete,
    unwrittenSeconds: () => heartbeats?.ageSeconds() ?? 0
  }
}

function openLog(
  store: SharedStore,
  acceptedSeconds: number,
  replicas: number
): { logStore: LogStore; writer: RevocationWriter } {
  if (store.kind === 'redis') {
    const { redis, partitions } = store
    return { logStore: store, writer: redisRevocationWriter(redis, { replicas, partitions }) }
  }
  const source = sqliteRevocations(store.sqlite, acceptedSeconds)
  return { logStore: { ...store, source }, writer: sqliteRevocationWriter(source, store.clock) }
}
