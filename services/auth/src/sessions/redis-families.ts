import type { RedisConnection } from '@gatehouse/redis/connect-redis'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import { acknowledged } from '../redis/acknowledged.ts'
import { bounded } from '../redis/bounded.ts'
import { script } from '../redis/script.ts'
import type { Families, FamilyStoreOptions, StoredFamily } from './families.ts'
import { type FamilyPolicy, type FamilyRecord, type Outcome, open } from './family.ts'

/** One hash a user, so that everything about a user is one key: each script is atomic, in a cluster as well. */
export const familiesKey = (subject: string) => `gatehouse:{sessions}:${subject}`

/** When the last access token that any session was given runs out: how long a revocation must be remembered. */
export const TOKEN_HORIZON = 'gatehouse:{sessions}:token-horizon'

/** Families in Redis: one Lua script, and so one round trip, a step. The scripts are in lua/, with their replies. */
export function redisFamilies(
  redis: RedisConnection,
  policy: FamilyPolicy,
  { clock, revocationSeconds, revocationReplicas = 0 }: FamilyStoreOptions
): Families {
  const scripts = {
    open: script(redis, 'open', 3),
    present: script(redis, 'present', 3),
    end: script(redis, 'end', 3),
    endAll: script(redis, 'end-all', 3),
    list: script(redis, 'list', 1)
  }
  const keys = (subject: string) => [familiesKey(subject), REVOCATION_STREAM, TOKEN_HORIZON]
  /** Asked also where nothing ended: it may be a client that tries again because the first could not be acknowledged. */
  const replicated = () => acknowledged(redis, revocationReplicas)

  return {
    async open(subject, sid, opening) {
      const nowMs = clock()
      const record = open(opening, nowMs, policy)
      await scripts.open([
        ...keys(subject),
        ...[sid, nowMs, policy.sessionsPerUser, revocationSeconds],
        ...[record.idleExpiresAt, record.expiresAt, record.clientId, record.scope, record.label]
      ])
      return record
    },
    async present(subject, sid, generation) {
      const reply = await scripts.present([
        ...keys(subject),
        ...[sid, generation, clock(), policy.idleSeconds, policy.graceSeconds],
        ...[policy.replayCap, revocationSeconds]
      ])
      const [outcome, before, after] = reply as [Outcome, PackedRecord?, PackedRecord?]
      if (outcome === 'reused') await replicated()
      return {
        outcome,
        before: before === undefined ? null : toRecord(before),
        after: after === undefined ? null : toRecord(after)
      }
    },
    async end(subject, sid) {
      const reply = await scripts.end([...keys(subject), sid, clock(), revocationSeconds])
      await replicated()
      return reply === 1
    },
    async endAll(subject, except) {
      const reply = await scripts.endAll([
        ...keys(subject),
        ...[except ?? '', clock(), revocationSeconds, policy.sessionsPerUser]
      ])
      await replicated()
      return Number(reply)
    },
    async list(subject) {
      const reply = await scripts.list([familiesKey(subject), clock()])
      return (reply as [string, PackedRecord][]).map(
        ([sid, record]): StoredFamily => ({ sid, record: toRecord(record) })
      )
    },
    async ping() {
      await bounded(() => redis.ping())
    },
    async close() {
      redis.disconnect()
    }
  }
}

/** As lua/family.lua lists its fields. */
type PackedRecord = [number, number, number, number, number, number, number, string, string, string]

function toRecord(packed: PackedRecord): FamilyRecord {
  const [generation, openedAt, rotatedAtMs, idleExpiresAt, expiresAt, replays, endedAt] = packed
  const [, , , , , , , clientId, scope, label] = packed
  return {
    ...{ generation, openedAt, rotatedAtMs, idleExpiresAt, expiresAt, replays, endedAt },
    ...{ clientId, scope, label }
  }
}
