import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '@gatehouse/problem/refusal'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { keyIn, type Partition } from '@gatehouse/redis/partitions'
import { bounded } from '../redis/bounded.ts'
import type { SessionPartitions } from '../redis/session-partitions.ts'
import type { RevocationWriter } from './revocation-log.ts'

/** how long an instance uses what it knows of accounts without reading their changes */
export const KNOWN_MS = 1000

/**
 * A mark that changes when an account in the same partition has changed. A refresh gets it with its
 * rotation. If it is new, the changes are read first.
 */
export type ChangeMarks = {
  /**
   * Call it when a change of an account is committed, before anyone is told: the next refresh of
   * the account, at any instance, knows the change.
   * @throws Refusal UNAVAILABLE if the store does not answer
   */
  change(subject: string): Promise<void>
  /** the mark, if it is in this process; undefined: the families have it */
  own(): string | undefined
}

/** The key of the mark in Redis. lua/present.lua reads it. */
export const changeMark = (partition: Partition): string => keyIn(partition, 'account-changes')

export const redisChangeMarks = (
  redis: Pick<RedisConnection, 'set'>,
  partitions: Pick<SessionPartitions, 'of'>
): ChangeMarks => ({
  async change(subject) {
    const partition = await partitions.of(subject)
    await bounded(() => redis.set(changeMark(partition), randomUUID()))
  },
  own: () => undefined
})

/** For an installation in one process. */
export function memoryChangeMarks(): ChangeMarks {
  let changes = 0
  return {
    async change() {
      changes += 1
    },
    own: () => `${changes}`
  }
}

/** Changes the mark before gateways refuse tokens, so that their clients get new ones. */
export const markingWriter = (
  writer: RevocationWriter,
  marks: Pick<ChangeMarks, 'change'>
): RevocationWriter => ({
  async append(entry) {
    if (entry.kind === 'subject') await marks.change(entry.id)
    await writer.append(entry)
  }
})

/**
 * Changes the mark after a change that cannot be repeated. If the store does not answer, waits
 * until no instance uses the earlier state.
 */
export async function changeOrWait(
  marks: Pick<ChangeMarks, 'change'>,
  subject: string
): Promise<void> {
  try {
    await marks.change(subject)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    await sleep(KNOWN_MS)
  }
}
