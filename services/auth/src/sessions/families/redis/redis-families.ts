import type { RedisConnection } from '@gatehouse/redis/connection'
import { redisSightings } from '@gatehouse/sightings/redis-sightings'
import type { RequestSource } from '../../../audit/audit-event.ts'
import { acknowledged } from '../../../redis/acknowledged.ts'
import { bounded } from '../../../redis/bounded.ts'
import { fixedPartitions, type SessionPartitions } from '../../../redis/session-partitions.ts'
import { AHEAD_SECONDS } from '../../../revocations/stale-ahead.ts'
import { newerFormat } from '../../session-refusals.ts'
import type {
  Families,
  OpenedFamily,
  Presentation,
  Presented,
  StoredFamilies
} from '../families.ts'
import { type FamilyPolicy, lateSeconds, type Opened } from '../family.ts'
import { type PackedRecord, toPresented, toRecord } from './packed-family.ts'
import { packedLabel } from './packed-label.ts'
import { unrecordedKey } from './redis-family-keys.ts'
import { readUnrecorded, settleSightings } from './redis-family-notes.ts'
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
  /** one by default */
  readonly partitions?: SessionPartitions
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
  const { partitions = fixedPartitions(1) } = options
  const scripts = familyScripts(redis, options, partitions)
  const takeSightings = redisSightings(redis, partitions.all)
  const tellNewerFormat = onlyOnce(onNewerFormat)
  /**
   * Waits for replicas even if nothing ended: the client may be repeating a request that could not
   * be acknowledged.
   */
  const replicated = () => acknowledged(redis, revocationReplicas)

  return {
    partitionOf: partitions.of,
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
    unrecorded: async (subject) =>
      readUnrecorded(
        redis,
        subject === undefined ? await partitions.all() : [await partitions.of(subject)]
      ),
    async recorded({ subject, sid }) {
      const key = unrecordedKey(await partitions.of(subject))
      await bounded(() => redis.hdel(key, sid))
    },
    see: (sightings) => bounded(() => takeSightings(sightings)),
    settleSightings: () => settleSightings(redis, scripts),
    // Redis does it: each key expires with its last family.
    forgetExpired: async () => false,
    // Its files forget it when the server rewrites them.
    async scrub() {},
    run: (known) => askRun(scripts, known),
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
    : [opened.openedAt, opened.expiresAt, opened.clientId, opened.scope, packedLabel(opened.label)]

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
