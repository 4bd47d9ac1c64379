import type { Fleet } from '@gatehouse/fleet/fleet'
import { auditMetrics } from '../audit/audit-metrics.ts'
import { openAudit } from '../audit/open-audit.ts'
import type { AuthConfig } from '../config.ts'
import { openDatabase } from '../database/open-database.ts'
import type { Ports } from '../ports.ts'
import { durablePartitions } from '../redis/durable-partitions.ts'
import { openSharedStore } from '../redis/shared-store.ts'
import { neededRights, partitionRights } from './needed-rights.ts'

export type OpenStores = Awaited<ReturnType<typeof openStores>>

/**
 * Opens the two stores, and the audit log in the database.
 * @param embedded the gateways of this process, if there are any
 * @throws StartFault if a store can never be used
 */
export async function openStores(config: AuthConfig, ports: Ports, embedded?: Fleet) {
  const metrics = auditMetrics(ports.registry)
  const database = await openDatabase(config, { ...ports, inserted: metrics.inserted })
  const durable = durablePartitions(database.tables)
  const number = config.REDIS_PARTITIONS ?? (await database.whenThere(durable.read)) ?? 1
  const rights = number > 1 ? [...neededRights, ...partitionRights] : neededRights
  const store = await openSharedStore(config, { ...ports, database, durable }, rights, embedded)
  const { clock, fleet } = store
  const audit = openAudit({ metrics, database, clock, monotonicClock: ports.monotonicClock })
  return { database, store, clock, fleet, audit, onExpired: metrics.expired }
}
