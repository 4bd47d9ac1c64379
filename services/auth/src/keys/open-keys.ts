import type { Fleet } from '@gatehouse/fleet/fleet'
import { faultOfJob } from '../background/background-work.ts'
import type { Database } from '../database/open-database.ts'
import { DAY_SECONDS } from '../day.ts'
import type { Ports } from '../ports.ts'
import type { RevocationWriter } from '../revocations/revocation-log.ts'
import type { SealingKeys } from '../secrets/seal.ts'
import { sealUnderFirst } from '../secrets/unknown-sealing-key.ts'
import { keyAnnouncements } from './key-announcements.ts'
import { keyMetrics } from './key-metrics.ts'
import type { KeyConfig } from './key-settings.ts'
import type { KeyWithdrawals } from './key-withdrawals.ts'
import { type LiveSigningKeys, liveSigningKeys, type PrepareSigners } from './live-signing-keys.ts'
import { gatewayAcknowledgement } from './operations/gateway-acknowledgement.ts'
import { type KeyOperations, keyOperations } from './operations/key-operations.ts'
import { maintainKeys } from './operations/maintain-keys.ts'
import { keySetStore } from './store/key-set-store.ts'
import { ensureActiveKey, signingKeyStore } from './store/signing-key-store.ts'

/** The signing keys: those that this process has read, and the operations on all of them. */
export type Keys = KeyOperations &
  Pick<LiveSigningKeys, 'held' | 'ageMs' | 'active' | 'untilCurrent' | 'current' | 'read'>

type OpenKeys = Keys & {
  /** Notes that the revocation log may have lost revocations of keys. */
  republish(): Promise<void>
  /** Whether the revocation log has every revoked key that it must remember. */
  revocationsArePublished(): Promise<boolean>
}

type KeyPorts = Pick<Ports, 'log' | 'registry' | 'monotonicClock' | 'closing' | 'jobs'> & {
  readonly database: Database
  readonly revocations: RevocationWriter
  readonly withdrawals: KeyWithdrawals
  readonly fleet: Fleet
  readonly sealing: SealingKeys
  readonly prepare: PrepareSigners
  /** the process drains: from then on, no operation waits for gateways */
  readonly ending: AbortSignal
  readonly clock: () => number
}

/** @throws StartFault if there are signing keys that this instance cannot decrypt */
export async function openKeys(config: KeyConfig, ports: KeyPorts): Promise<OpenKeys> {
  const { database, revocations, withdrawals, fleet, prepare, ending: signal, clock } = ports
  const lifetimeSeconds = config.AUTH_ACCESS_TTL_SECONDS
  const algorithm = config.AUTH_SIGNING_ALGORITHM
  const store = signingKeyStore(database.tables, ports.sealing, clock)
  const keySet = keySetStore(database.tables)
  const live = await database.whenThere(async () => {
    await sealUnderFirst(store.reseal)
    await ensureActiveKey(store, algorithm, clock())
    return await liveSigningKeys({ store, prepare, withdrawals, lifetimeSeconds, clock })
  })
  ports.closing.defer(() => live.close())
  const announcements = keyAnnouncements({
    store,
    keySet,
    withdrawals,
    revocations,
    lifetimeSeconds,
    clock
  })
  const operations = keyOperations({
    store,
    live,
    announcements,
    gateways: gatewayAcknowledgement({ fleet, monotonicClock: ports.monotonicClock, signal }),
    algorithm,
    lifetimeSeconds,
    clock,
    onFault: (error) => ports.log.warn(faultOfJob(error), 'key maintenance failed')
  })
  const rotationSeconds = config.AUTH_KEY_ROTATION_DAYS * DAY_SECONDS
  const { maintain } = maintainKeys({
    operations,
    announcements,
    keySet,
    rotationSeconds,
    algorithm,
    lifetimeSeconds,
    onRead: keyMetrics(ports.registry, { rotationSeconds, clock }),
    clock
  })
  ports.jobs.push(
    // Keys that were read too long ago sign nothing.
    { name: 'read the signing keys', run: live.read, isUrgent: true },
    { name: 'maintain the signing keys', run: maintain }
  )
  const republish = () => keySet.republishRevocations(clock())
  const { held, ageMs, active, untilCurrent, current, read } = live
  const { revocationsArePublished } = keySet
  const reads = { held, ageMs, active, untilCurrent, current, read }
  return { ...operations, ...reads, republish, revocationsArePublished }
}
