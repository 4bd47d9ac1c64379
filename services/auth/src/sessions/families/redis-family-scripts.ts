import { randomUUID } from 'node:crypto'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import { SIGHTINGS } from '@gatehouse/sightings/redis-sightings'
import { KEY_WITHDRAWALS } from '../../keys/key-withdrawals.ts'
import { type Script, script } from '../../redis/script.ts'
import type { StoreClock } from '../../redis/store-clock.ts'
import { storeUnavailable } from '../../refusals.ts'
import { TOKEN_HORIZON } from '../../revocations/revocation-log.ts'
import { familiesKey, MARK, UNRECORDED } from './redis-family-keys.ts'

export type ScriptTime = {
  readonly storeClock: StoreClock
  /** for tests: instead of the server's clock */
  readonly clock?: () => number
  /** How long an access token may be accepted after it was issued. */
  revocationSeconds(): number
}

/** The scripts on the families of a user, and what each call of one needs. */
export type FamilyScripts = ScriptTime & {
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

export function familyScripts(redis: RedisConnection, time: ScriptTime): FamilyScripts {
  const onFamilies = (name: string) => script(redis, name, 6, ['revocations', 'family'])
  return {
    ...time,
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
export const call = (
  scripts: FamilyScripts,
  what: Script,
  subject: string,
  given: readonly (string | number)[] = []
): Promise<Reply> => send(scripts, what, subject, '', given)

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
  const { storeClock } = scripts
  if (!storeClock.known) await askTime(scripts)
  const first = await send(scripts, what, subject, storeClock.deadline(), given)
  if (first.length > 1) return first
  await askTime(scripts)
  const second = await send(scripts, what, subject, storeClock.deadline(), given)
  if (second.length > 1) return second
  throw storeUnavailable(new Error('the session store took longer than a call may wait for it'))
}

async function send(
  { storeClock, clock, revocationSeconds }: FamilyScripts,
  what: Script,
  subject: string,
  deadline: number | '',
  given: readonly (string | number)[]
): Promise<Reply> {
  const sentAtMs = storeClock.elapsedMs()
  const reply = (await what([
    REVOCATION_STREAM,
    TOKEN_HORIZON,
    familiesKey(subject),
    UNRECORDED,
    SIGHTINGS,
    KEY_WITHDRAWALS,
    clock?.() ?? '',
    deadline,
    revocationSeconds(),
    ...given
  ])) as Reply
  if (clock === undefined) storeClock.heard(reply[0], sentAtMs)
  return reply
}

/** Asks the server for its time, which `storeClock` then has. */
export async function askTime(scripts: FamilyScripts): Promise<void> {
  await callOfServer(scripts, scripts.time)
}

/** Asks the server for the name of its run. */
export async function askRun(scripts: FamilyScripts): Promise<string> {
  const [, name] = await callOfServer(scripts, scripts.run, [MARK], [randomUUID()])
  return String(name)
}

/** Calls a script that concerns no family and replies with the server's time, not a test's. */
async function callOfServer(
  { storeClock }: FamilyScripts,
  what: Script,
  key: readonly string[] = [],
  given: readonly string[] = []
): Promise<Reply> {
  const sentAtMs = storeClock.elapsedMs()
  const keys = [REVOCATION_STREAM, TOKEN_HORIZON, ...key]
  const reply = (await what([...keys, '', '', 0, ...given])) as Reply
  storeClock.heard(reply[0], sentAtMs)
  return reply
}
