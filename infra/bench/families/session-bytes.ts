import { randomBytes, randomUUID } from 'node:crypto'
import { storeClock } from '@gatehouse/auth/redis/store-clock'
import type { Families } from '@gatehouse/auth/sessions/families/families'
import { redisFamilies } from '@gatehouse/auth/sessions/families/redis-families'
import { familiesKey } from '@gatehouse/auth/sessions/families/redis-family-keys'
import type { Redis } from 'ioredis'
import type { Run } from '../figures/run.ts'
import { redisFigures } from './redis-figures.ts'

const SESSIONS_PER_USER = 3
const AT_A_TIME = 64
const ROTATED_SESSIONS = 9000
const ROTATIONS = 100
const STORE_ROTATIONS = 20_000

type Session = { readonly subject: string; readonly sid: string }

const store = (redis: Redis): Families =>
  redisFamilies(
    redis,
    {
      idleSeconds: 1_209_600,
      graceSeconds: 10,
      replayCap: 100,
      recoverySeconds: 1_209_600,
      sessionsPerUser: 20
    },
    { storeClock: storeClock(60_000), revocationSeconds: () => 360 }
  )

const source = { address: '127.0.0.1', requestId: 'bench' }

const openedNow = (label: string) => {
  const openedAt = Math.floor(Date.now() / 1000)
  return { clientId: '', scope: '', label, openedAt, expiresAt: openedAt + 7_776_000 }
}

const newSession = (subject: string): Session => ({
  subject,
  sid: randomBytes(16).toString('base64url')
})

/** Does the work for all items, a limited number at a time. */
async function forAll<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>) {
  for (let at = 0; at < items.length; at += AT_A_TIME) {
    await Promise.all(items.slice(at, at + AT_A_TIME).map(work))
  }
}

/**
 * The memory of a live session: the server's total memory per session, and the keys of some users
 * before and after many rotations.
 */
export async function bytesPerSession(redis: Redis, sessions: number, run: Run) {
  await redis.flushall()
  const families = store(redis)
  const before = (await redisFigures(redis)).usedBytes
  const all: Session[] = []
  for (let user = 0; user < sessions / SESSIONS_PER_USER; user += 1) {
    const subject = randomUUID()
    for (let each = 0; each < SESSIONS_PER_USER; each += 1) all.push(newSession(subject))
  }
  const opened = openedNow('Chrome on Windows')
  await forAll(all, ({ subject, sid }) => families.open(subject, sid, opened))
  const whole = ((await redisFigures(redis)).usedBytes - before) / all.length

  const some = all.slice(0, run.scaled(ROTATED_SESSIONS))
  const fresh = await keyBytes(redis, some)
  for (let generation = 0; generation < run.scaled(ROTATIONS); generation += 1) {
    await forAll(some, ({ subject, sid }) =>
      families.present({ subject, sid, generation, opened: null, source })
    )
  }
  const rotated = await keyBytes(redis, some)
  await redis.flushall()
  return { whole, fresh, rotated, rotatedSessions: some.length }
}

/**
 * The memory of the keys of these sessions' users per session, as Redis reports it for each key.
 */
async function keyBytes(redis: Redis, sessions: readonly Session[]): Promise<number> {
  const weights: number[] = []
  await forAll([...new Set(sessions.map(({ subject }) => subject))], async (subject) => {
    weights.push(Number(await redis.memory('USAGE', familiesKey(subject), 'SAMPLES', 0)))
  })
  return weights.reduce((sum, bytes) => sum + bytes, 0) / sessions.length
}

/** Rotations per second of the store alone, by round. */
export async function rotationsInStore(redis: Redis, run: Run): Promise<number[]> {
  const families = store(redis)
  const sessions = Array.from({ length: AT_A_TIME }, () => newSession(randomUUID()))
  for (const { subject, sid } of sessions) await families.open(subject, sid, openedNow(''))
  const generations = Math.ceil(run.scaled(STORE_ROTATIONS) / AT_A_TIME)
  let generation = 0
  const round = async () => {
    const started = performance.now()
    for (const end = generation + generations; generation < end; generation += 1) {
      await forAll(sessions, ({ subject, sid }) =>
        families.present({ subject, sid, generation, opened: null, source })
      )
    }
    return (generations * AT_A_TIME) / ((performance.now() - started) / 1000)
  }
  await round()
  const rounds: number[] = []
  for (let each = 0; each < run.rounds; each += 1) rounds.push(await round())
  return rounds
}
