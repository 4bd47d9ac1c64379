import { isUnavailable } from '@gatehouse/problem/refusal'
import { StartFault } from '@gatehouse/process/start-fault'
import type { RedisConnection } from '@gatehouse/redis/connection'
import type { Database } from '../database/open-database.ts'
import type { Ports } from '../ports.ts'
import type { DurablePartitions } from './durable-partitions.ts'
import { type RecordedPartitions, recordedPartitions } from './session-partitions.ts'

export type PartitionPorts = Pick<Ports, 'log' | 'jobs'> & {
  readonly database: Pick<Database, 'whenThere'>
  readonly durable: DurablePartitions
}

/**
 * The partitions of the sessions. Their number in the database, that in Redis and the setting are
 * compared now, and the first two also while the process runs.
 * @throws StartFault if they differ, or the database does not answer
 */
export async function openPartitions(
  redis: RedisConnection,
  setting: number | undefined,
  { log, jobs, database, durable }: PartitionPorts
): Promise<RecordedPartitions> {
  let recorded = await database.whenThere(durable.read)
  const partitions = recordedPartitions(redis, { setting, durable: () => recorded })
  const faultOf = (inRedis: number | null): string | null => {
    const number = recorded ?? inRedis
    if (number === null) return null
    if (setting !== undefined && setting !== number) return otherSetting(setting, number)
    return inRedis === null || inRedis === number ? null : otherRedis(inRedis, number)
  }
  const compare = async (): Promise<string | null> => {
    // An outage is logged elsewhere.
    const inRedis = await unlessOutage(partitions.read())
    if (inRedis !== null && faultOf(inRedis) === null) {
      recorded ??= await unlessOutage(durable.record(inRedis))
    }
    return faultOf(inRedis)
  }
  let reported = await compare()
  if (reported !== null) throw new StartFault(reported)
  jobs.push({
    name: 'compare the number of partitions of the sessions',
    async run() {
      const fault = await compare()
      if (fault !== null && fault !== reported) log.error(fault)
      reported = fault
    }
  })
  return partitions
}

async function unlessOutage<Value>(call: Promise<Value>): Promise<Value | null> {
  try {
    return await call
  } catch (error) {
    if (isUnavailable(error)) return null
    throw error
  }
}

const otherSetting = (setting: number, number: number): string =>
  `REDIS_PARTITIONS is ${setting}, but the sessions of this installation are in ${number}: set it to ${number}, or unset it. It cannot be changed after the first start`

const otherRedis = (inRedis: number, number: number): string =>
  `the sessions in this Redis are in ${inRedis} partitions, but those of this installation are in ${number}, as its database says: REDIS_URL and REDIS_KEY_PREFIX must name its Redis. If they do, see docs/runbooks/redis-lost.md`
