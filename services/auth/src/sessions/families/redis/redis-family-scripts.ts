import { randomUUID } from 'node:crypto'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { COMMON, type Partition } from '@gatehouse/redis/partitions'
import { revocationStream } from '@gatehouse/revocation/revocation-stream'
import { sightingsKey } from '@gatehouse/sightings/redis-sightings'
import { keyWithdrawals } from '../../../keys/key-withdrawals.ts'
import { type Script, script } from '../../../redis/script.ts'
import { markKey, type SessionPartitions } from '../../../redis/session-partitions.ts'
import type { StoreClock } from '../../../redis/store-clock.ts'
import { storeUnavailable } from '../../../refusals.ts'
import { changeMark } from '../../../revocations/change-marks.ts'
import { tokenHorizon } from '../../../revocations/revocation-log.ts'
import { answered } from '../answered.ts'
import type { StoreRun } from '../families.ts'
import { markOf, nameOf, partsOf, partsOfRuns } from '../run-names.ts'
import { familiesKey, unrecordedKey } from './redis-family-keys.ts'

export type ScriptTime = {
  /** the clock of the server that has the common partition */
  readonly storeClock: StoreClock
  /** for tests: instead of the server's clock */
  readonly clock?: () => number
  /** How long an access token may be accepted after it was issued. */
  revocationSeconds(): number
}

/** The scripts on the families of a user, and what each call of one needs. */
export type FamilyScripts = ScriptTime & {
  readonly partitions: SessionPartitions
  /** The partitions may be on servers whose clocks differ. */
  clockOf(partition: Partition): StoreClock
  readonly open: Script
  readonly present: Script
  readonly end: Script
  readonly evict: Script
  readonly list: Script
  readonly see: Script
  /** concerns no family */
  readonly time: Script
  /** concerns no family */
  readonly run: Script
}

/** The time and the result; only the time if the script came too late to do anything. */
type Reply = [nowMs: number, ...rest: unknown[]]

export function familyScripts(
  redis: RedisConnection,
  time: ScriptTime,
  partitions: SessionPartitions
): FamilyScripts {
  const onFamilies = (name: string) => script(redis, name, 7, ['revocations', 'family'])
  const clocks = new Map([[COMMON, time.storeClock]])
  return {
    ...time,
    partitions,
    clockOf(partition) {
      const known = clocks.get(partition) ?? time.storeClock.ofAnotherServer()
      clocks.set(partition, known)
      return known
    },
    open: onFamilies('open'),
    present: onFamilies('present'),
    end: onFamilies('end'),
    evict: onFamilies('evict'),
    list: onFamilies('list'),
    see: onFamilies('see'),
    time: script(redis, 'time', 2, ['revocations']),
    run: script(redis, 'run', 3, ['revocations'])
  }
}

/** Calls a script that may come late. */
export async function call(
  scripts: FamilyScripts,
  what: Script,
  subject: string,
  given: readonly (string | number)[] = []
): Promise<Reply> {
  const partition = await scripts.partitions.of(subject)
  return await send(scripts, what, { partition, subject, deadline: '', given })
}

/**
 * Calls a script that does nothing if it comes after the end of this call. Repeats the call if the
 * server's clock was set meanwhile and the script therefore considered itself late.
 * @throws Refusal UNAVAILABLE if it came late twice
 */
export async function callInTime(
  scripts: FamilyScripts,
  what: Script,
  subject: string,
  given: readonly (string | number)[]
): Promise<Reply> {
  const partition = await scripts.partitions.of(subject)
  const clock = scripts.clockOf(partition)
  if (!clock.known) await askTime(scripts, partition)
  const to = { partition, subject, given }
  const first = await send(scripts, what, { ...to, deadline: clock.deadline() })
  if (first.length > 1) return first
  await askTime(scripts, partition)
  const second = await send(scripts, what, { ...to, deadline: clock.deadline() })
  if (second.length > 1) return second
  throw storeUnavailable(new Error('the session store took longer than a call may wait for it'))
}

type Sent = {
  readonly partition: Partition
  readonly subject: string
  readonly deadline: number | ''
  readonly given: readonly (string | number)[]
}

async function send(
  { clockOf, clock, revocationSeconds }: FamilyScripts,
  what: Script,
  { partition, subject, deadline, given }: Sent
): Promise<Reply> {
  const storeClock = clockOf(partition)
  const sentAtMs = storeClock.elapsedMs()
  const reply = (await what([
    revocationStream(partition),
    tokenHorizon(partition),
    familiesKey(subject, partition),
    unrecordedKey(partition),
    sightingsKey(partition),
    keyWithdrawals(partition),
    changeMark(partition),
    clock?.() ?? '',
    deadline,
    revocationSeconds(),
    ...given
  ])) as Reply
  if (clock === undefined) storeClock.heard(reply[0], sentAtMs)
  return reply
}

/** Asks the server of a partition for its time, which its clock then has. */
export async function askTime(scripts: FamilyScripts, partition = COMMON): Promise<void> {
  await callOfServer(scripts, scripts.time, partition)
}

/**
 * Asks for the name of the current run: of the server, or of the servers that have the partitions.
 * @param known the last known run: a partition that does not answer counts as unchanged
 */
export async function askRun(scripts: FamilyScripts, known: string): Promise<StoreRun> {
  const partitions = await scripts.partitions.all()
  const every = [...new Set([COMMON, ...partitions])]
  const { values, fault } = await answered(
    every.map(async (partition) => {
      const mark = markKey(partition, partitions.length)
      const [, name] = await callOfServer(scripts, scripts.run, partition, [mark], [randomUUID()])
      return [partition, String(name)] as const
    })
  )
  const marks = new Map(values.map(([partition, name]) => [partition, markOf(name)]))
  const [[, only] = ['', '']] = values
  if (every.length === 1) return { name: only, marks, fault }
  const before = partsOf(known)
  const now = partsOfRuns(new Map(values))
  const parts = every.map((partition) => [partition, now.get(partition) ?? before.get(partition)])
  return { name: nameOf(new Map(parts.filter(isKnown))), marks, fault }
}

const isKnown = (part: (string | undefined)[]): part is [Partition, string] => part[1] !== undefined

/** Calls a script that concerns no family and replies with the server's time, not a test's. */
async function callOfServer(
  { clockOf }: FamilyScripts,
  what: Script,
  partition: Partition,
  key: readonly string[] = [],
  given: readonly string[] = []
): Promise<Reply> {
  const storeClock = clockOf(partition)
  const sentAtMs = storeClock.elapsedMs()
  const keys = [revocationStream(partition), tokenHorizon(partition), ...key]
  const reply = (await what([...keys, '', '', 0, ...given])) as Reply
  storeClock.heard(reply[0], sentAtMs)
  return reply
}
