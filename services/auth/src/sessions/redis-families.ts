import { randomUUID } from 'node:crypto'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import { readSightingField, redisSightings, SIGHTINGS } from '@gatehouse/sightings/redis-sightings'
import type { RequestSource } from '../audit/audit-event.ts'
import { acknowledged } from '../redis/acknowledged.ts'
import { bounded } from '../redis/bounded.ts'
import { type Script, script } from '../redis/script.ts'
import type { StoreClock } from '../redis/store-clock.ts'
import { newerFormat, storeUnavailable } from '../refusals.ts'
import { TOKEN_HORIZON } from '../revocations/revocation-log.ts'
import { AHEAD_SECONDS } from '../revocations/stale-ahead.ts'
import type { Families } from './families.ts'
import { type FamilyPolicy, lateSeconds, type Opened } from './family.ts'
import { type PackedRecord, toPresented, toRecord } from './packed-family.ts'
import { readNotes } from './unrecorded-ends.ts'

/** One hash per user: a single key, so each script is atomic, also in a cluster. */
export const familiesKey = (subject: string) => `gatehouse:{sessions}:${subject}`

/** A marker that is lost if all data is lost. */
const MARK = 'gatehouse:{sessions}:mark'

/** The ends that the database may not have yet, by session, as JSON. */
const UNRECORDED = 'gatehouse:{sessions}:unrecorded'

type RedisFamilyOptions = {
  readonly storeClock: StoreClock
  /** for tests: instead of the server's clock */
  readonly clock?: () => number
  readonly revocationSeconds: number
  /** how many replicas must have a revocation before it is acknowledged */
  readonly revocationReplicas?: number
  /**
   * called the first time that a token is refused because only a newer version can read its record
   */
  readonly onNewerFormat?: () => void
}

/** The time and the result; only the time if the script came too late to do anything. */
type Reply = [nowMs: number, ...rest: unknown[]]

/** Families in Redis: one Lua script, and so one round trip, per step. */
export function redisFamilies(
  redis: RedisConnection,
  policy: FamilyPolicy,
  options: RedisFamilyOptions
): Families {
  const { storeClock, clock, revocationSeconds, revocationReplicas = 0 } = options
  const { onNewerFormat = () => {} } = options
  const load = (name: string) => script(redis, name, 5, ['revocations', 'family'])
  const [open, present, end] = [load('open'), load('present'), load('end')]
  const [evict, list, seeOne] = [load('evict'), load('list'), load('see')]
  const takeSightings = redisSightings(redis)
  const time = script(redis, 'time', 2, ['revocations'])
  const incarnation = script(redis, 'incarnation', 3, ['revocations'])

  let toldNewerFormat = false

  const run = async (
    what: Script,
    subject: string,
    deadline: number | '',
    given: (string | number)[]
  ): Promise<Reply> => {
    const sentAtMs = storeClock.elapsedMs()
    const reply = (await what([
      REVOCATION_STREAM,
      TOKEN_HORIZON,
      familiesKey(subject),
      UNRECORDED,
      SIGHTINGS,
      clock?.() ?? '',
      deadline,
      revocationSeconds,
      ...given
    ])) as Reply
    if (clock === undefined) storeClock.heard(reply[0], sentAtMs)
    return reply
  }

  /**
   * Repeats the call if the server's clock was set meanwhile and the script therefore considered
   * itself late.
   */
  const inTime = async (subject: string, what: Script, given: (string | number)[]) => {
    if (!storeClock.known) await timed(time)
    const first = await run(what, subject, storeClock.deadline(), given)
    if (first.length > 1) return first
    await timed(time)
    const second = await run(what, subject, storeClock.deadline(), given)
    if (second.length > 1) return second
    throw storeUnavailable(new Error('the session store took longer than the call is waited for'))
  }

  /** Runs a script that concerns no family and replies with the server's time, not a test's. */
  const timed = async (what: Script, key: string[] = [], given: string[] = []): Promise<Reply> => {
    const sentAtMs = storeClock.elapsedMs()
    const keys = [REVOCATION_STREAM, TOKEN_HORIZON, ...key]
    const reply = (await what([...keys, '', '', 0, ...given])) as Reply
    storeClock.heard(reply[0], sentAtMs)
    return reply
  }

  const settleSighting = async (field: string): Promise<void> => {
    const seen = readSightingField(field)
    // A field of another form is of a newer version, which will settle it.
    if (seen !== null) await run(seeOne, seen.subject, '', [seen.sid, seen.subject])
  }

  /**
   * Waits for replicas even if nothing ended: the client may be repeating a request that could not
   * be acknowledged.
   */
  const replicated = () => acknowledged(redis, revocationReplicas)

  return {
    async open(subject, sid, opened) {
      const { idleSeconds, sessionsPerUser } = policy
      const lasting = [idleSeconds, sessionsPerUser, lateSeconds(idleSeconds)]
      const given = [sid, ...facts(opened), ...lasting]
      const [, live, record] = await inTime(subject, open, given)
      return {
        record: toRecord(record as PackedRecord),
        tooMany: Number(live) > policy.sessionsPerUser
      }
    },
    async evict(subject, justOpened, source) {
      const given = [policy.sessionsPerUser, subject, ...sourceArguments(source), justOpened]
      const [, ended] = await run(evict, subject, '', given)
      return Number(ended)
    },
    async present({ subject, sid, generation, opened, source }) {
      const reply = await inTime(subject, present, [
        sid,
        ...facts(opened),
        policy.idleSeconds,
        generation,
        policy.graceSeconds,
        policy.replayCap,
        policy.recoverySeconds,
        AHEAD_SECONDS,
        subject,
        ...sourceArguments(source)
      ])
      const presented = toPresented(reply)
      if (presented === null) {
        if (!toldNewerFormat) onNewerFormat()
        toldNewerFormat = true
        throw newerFormat()
      }
      if (presented.outcome === 'reused') await replicated()
      return presented
    },
    async end(subject, sids) {
      const [, ended] = await run(end, subject, '', [...sids])
      await replicated()
      return Number(ended)
    },
    async list(subject) {
      const [, live, over, unreadable] = await run(list, subject, '', [])
      return {
        live: (live as [string, PackedRecord][]).map(([sid, record]) => ({
          sid,
          record: toRecord(record)
        })),
        over: over as string[],
        unreadable: unreadable as string[]
      }
    },
    async unrecorded() {
      const notes = await bounded(() => redis.hgetall(UNRECORDED))
      return readNotes(Object.entries(notes))
    },
    async recorded(sid) {
      await bounded(() => redis.hdel(UNRECORDED, sid))
    },
    see: (sightings) => bounded(() => takeSightings(sightings)),
    async settleSightings() {
      let cursor = '0'
      do {
        const [next, pairs] = await bounded(() => redis.hscan(SIGHTINGS, cursor, 'COUNT', 200))
        const fields = pairs.filter((_, index) => index % 2 === 0)
        await Promise.all(fields.map(settleSighting))
        cursor = next
      } while (cursor !== '0')
    },
    // Redis does it: each key expires with its last family.
    forgetExpired: async () => false,
    // Its files forget it when the server writes them anew.
    async scrub() {},
    async incarnation() {
      const [, name] = await timed(incarnation, [MARK], [randomUUID()])
      return String(name)
    },
    async ping() {
      await timed(time)
    }
  }
}

/** ARGV[5] to ARGV[9] of lua/open.lua and lua/present.lua */
const facts = (opened: Opened | null): (string | number)[] =>
  opened === null
    ? ['', '', '', '', '']
    : [opened.openedAt, opened.expiresAt, opened.clientId, opened.scope, opened.label]

const sourceArguments = ({ address, requestId }: RequestSource) => [address, requestId]
