import type { RedisConnection } from '@gatehouse/redis/connection'
import { readSightingField, redisSightings, SIGHTINGS } from '@gatehouse/sightings/redis-sightings'
import type { RequestSource } from '../../audit/audit-event.ts'
import { acknowledged } from '../../redis/acknowledged.ts'
import { bounded } from '../../redis/bounded.ts'
import { AHEAD_SECONDS } from '../../revocations/stale-ahead.ts'
import { newerFormat } from '../session-refusals.ts'
import { readNotes } from './end-notes.ts'
import type {
  Families,
  OpenedFamily,
  Presentation,
  Presented,
  StoredFamilies,
  Unrecorded
} from './families.ts'
import { type FamilyPolicy, lateSeconds, type Opened } from './family.ts'
import { type PackedRecord, toPresented, toRecord } from './packed-family.ts'
import { UNRECORDED } from './redis-family-keys.ts'
import {
  askRun,
  askTime,
  call,
  callInTime,
  type FamilyScripts,
  familyScripts,
  type ScriptTime
} from './redis-family-scripts.ts'

type RedisFamilyOptions = ScriptTime & {
  /** how many replicas must have a revocation before it is acknowledged */
  readonly revocationReplicas?: number
  /**
   * called the first time that a token is refused because only a newer version can read its record
   */
  readonly onNewerFormat?: () => void
}

/** Families in Redis: one Lua script, and so one round trip, per step. */
export function redisFamilies(
  redis: RedisConnection,
  policy: FamilyPolicy,
  options: RedisFamilyOptions
): Families {
  const { revocationReplicas = 0, onNewerFormat = () => {} } = options
  const scripts = familyScripts(redis, options)
  const takeSightings = redisSightings(redis)
  const tellNewerFormat = onlyOnce(onNewerFormat)
  /**
   * Waits for replicas even if nothing ended: the client may be repeating a request that could not
   * be acknowledged.
   */
  const replicated = () => acknowledged(redis, revocationReplicas)

  return {
    open: (subject, sid, opened) => openFamily(scripts, policy, { subject, sid, opened }),
    evict: (subject, justOpened, source) =>
      evictOldest(scripts, policy, { subject, justOpened, source }),
    async present(presentation) {
      const presented = await presentToken(scripts, policy, presentation)
      if (presented === null) {
        tellNewerFormat()
        throw newerFormat()
      }
      if (presented.outcome === 'reused') await replicated()
      return presented
    },
    async end(subject, sids) {
      const ended = await endFamilies(scripts, subject, sids)
      await replicated()
      return ended
    },
    list: (subject) => listFamilies(scripts, subject),
    unrecorded: () => readUnrecorded(redis),
    async recorded(sid) {
      await bounded(() => redis.hdel(UNRECORDED, sid))
    },
    see: (sightings) => bounded(() => takeSightings(sightings)),
    settleSightings: () => settleSightings(redis, scripts),
    // Redis does it: each key expires with its last family.
    forgetExpired: async () => false,
    // Its files forget it when the server rewrites them.
    async scrub() {},
    run: () => askRun(scripts),
    ping: () => askTime(scripts)
  }
}

function onlyOnce(tell: () => void): () => void {
  let isTold = false
  return () => {
    if (!isTold) tell()
    isTold = true
  }
}

async function openFamily(
  scripts: FamilyScripts,
  { idleSeconds, sessionsPerUser }: FamilyPolicy,
  family: { readonly subject: string; readonly sid: string; readonly opened: Opened }
): Promise<OpenedFamily> {
  const [, live, record] = await callInTime(scripts, scripts.open, family.subject, [
    family.sid,
    ...facts(family.opened),
    idleSeconds,
    sessionsPerUser,
    lateSeconds(idleSeconds)
  ])
  return { record: toRecord(record as PackedRecord), tooMany: Number(live) > sessionsPerUser }
}

/** Ends the oldest families of a user who has too many. Returns how many. */
async function evictOldest(
  scripts: FamilyScripts,
  { sessionsPerUser }: FamilyPolicy,
  login: { readonly subject: string; readonly justOpened: string; readonly source: RequestSource }
): Promise<number> {
  const { subject, justOpened, source } = login
  const given = [sessionsPerUser, subject, ...sourceArguments(source), justOpened]
  const [, ended] = await call(scripts, scripts.evict, subject, given)
  return Number(ended)
}

/** Null if only a newer version can read the record. */
async function presentToken(
  scripts: FamilyScripts,
  policy: FamilyPolicy,
  { subject, sid, generation, opened, source }: Presentation
): Promise<Presented | null> {
  const reply = await callInTime(scripts, scripts.present, subject, [
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
  return toPresented(reply)
}

/** ARGV[5] to ARGV[9] of lua/open.lua and lua/present.lua */
const facts = (opened: Opened | null): (string | number)[] =>
  opened === null
    ? ['', '', '', '', '']
    : [opened.openedAt, opened.expiresAt, opened.clientId, opened.scope, opened.label]

const sourceArguments = ({ address, requestId }: RequestSource) => [address, requestId]

/** Returns how many were live, or have a record that only a newer version can read. */
async function endFamilies(
  scripts: FamilyScripts,
  subject: string,
  sids: readonly string[]
): Promise<number> {
  const [, ended] = await call(scripts, scripts.end, subject, sids)
  return Number(ended)
}

async function listFamilies(scripts: FamilyScripts, subject: string): Promise<StoredFamilies> {
  const [, live, over, unreadable] = await call(scripts, scripts.list, subject)
  return {
    live: (live as [string, PackedRecord][]).map(([sid, record]) => ({
      sid,
      record: toRecord(record)
    })),
    over: over as string[],
    unreadable: unreadable as string[]
  }
}

async function readUnrecorded(redis: RedisConnection): Promise<Unrecorded> {
  const notes = await bounded(() => redis.hgetall(UNRECORDED))
  return readNotes(Object.entries(notes))
}

/** Moves the facts that `see` has kept beside the records into them. */
async function settleSightings(redis: RedisConnection, scripts: FamilyScripts): Promise<void> {
  let cursor = '0'
  do {
    const [next, pairs] = await bounded(() => redis.hscan(SIGHTINGS, cursor, 'COUNT', 200))
    const fields = pairs.filter((_, index) => index % 2 === 0)
    await Promise.all(fields.map((field) => settleSighting(scripts, field)))
    cursor = next
  } while (cursor !== '0')
}

async function settleSighting(scripts: FamilyScripts, field: string): Promise<void> {
  const seen = readSightingField(field)
  // A field of another form is of a newer version, which will settle it.
  if (seen !== null) await call(scripts, scripts.see, seen.subject, [seen.sid, seen.subject])
}
