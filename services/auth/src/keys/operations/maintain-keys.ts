import { randomUUID } from 'node:crypto'
import type { Algorithm } from '@gatehouse/access-token/claims'
import { type RequestSource, SCHEDULE_ADDRESS } from '../../audit/audit-event.ts'
import type { KeyAnnouncements } from '../key-announcements.ts'
import { dueForRetirement, type KeyRecord } from '../key-lifecycle.ts'
import type { KeySetStore } from '../store/key-set-store.ts'
import type { KeyOperations } from './key-operations.ts'
import { type ScheduledStep, scheduledStep } from './rotation-schedule.ts'

type KeyMaintenance = {
  /**
   * Does due work, if it is this instance's turn.
   * @throws an error that prevents it; the work stays due
   */
  maintain(): Promise<void>
}

type KeyMaintenanceOptions = {
  readonly operations: KeyOperations
  readonly announcements: Pick<KeyAnnouncements, 'publish'>
  readonly keySet: KeySetStore
  /** 0: never */
  readonly rotationSeconds: number
  /** the algorithm of scheduled keys */
  readonly algorithm: Algorithm
  readonly lifetimeSeconds: number
  readonly clock: () => number
  /** is called with the keys whenever they were read */
  readonly onRead?: (keys: readonly KeyRecord[]) => void
}

/** After this time, another instance may take over from one that was killed. */
const HOLD_MS = 10_000

type Due = { unpublished: boolean; over: KeyRecord[]; step: ScheduledStep | null }

/**
 * The maintenance of keys: announces changes to the gateways, retires keys whose last token has
 * expired, and rotates on schedule. It reads due work from the database each time, so a process may
 * be killed at any point.
 */
export function maintainKeys(options: KeyMaintenanceOptions): KeyMaintenance {
  const { operations, announcements, keySet, algorithm, lifetimeSeconds, clock } = options
  const { rotationSeconds: periodSeconds, onRead = () => {} } = options
  const instance = randomUUID()
  const source: RequestSource = { address: SCHEDULE_ADDRESS, requestId: instance }

  const due = async (): Promise<Due> => {
    const now = Math.floor(clock() / 1000)
    const keys = await operations.list()
    onRead(keys)
    const { version, publishedVersion } = await keySet.read()
    return {
      unpublished:
        version !== publishedVersion ||
        keys.some(({ unpublishedUntil }) => unpublishedUntil !== null),
      over: dueForRetirement(keys, { now, lifetimeSeconds }),
      step: scheduledStep(keys, { periodSeconds, algorithm }, now)
    }
  }
  const work = async ({ unpublished, over, step }: Due): Promise<void> => {
    if (unpublished) await announcements.publish()
    for (const { kid } of over) await operations.retire(kid, source)
    if (step?.step === 'create') await operations.create(undefined, source)
    if (step?.step === 'activate') await operations.activate(step.kid, 'now', source)
  }
  return {
    async maintain() {
      if (isNothing(await due())) return
      if (!(await keySet.take(instance, clock(), HOLD_MS))) return
      try {
        // Reads again, because the previous instance may have done the work.
        await work(await due())
      } catch (error) {
        // The log gets the first error. Without the release, another instance waits for HOLD_MS.
        await keySet.release(instance).catch(() => {})
        throw error
      }
      await keySet.release(instance)
    }
  }
}

const isNothing = ({ unpublished, over, step }: Due) =>
  !unpublished && over.length === 0 && step === null
