import { randomUUID } from 'node:crypto'
import { storeClock } from '@gatehouse/auth/redis/store-clock'
import { redisFamilies } from '@gatehouse/auth/sessions/families/redis-families'
import { familiesKey } from '@gatehouse/auth/sessions/families/redis-family-keys'
import { recordedPartitions } from '@gatehouse/auth/testing/redis/session-partitions'
import { writeHeartbeats } from '@gatehouse/auth/testing/revocations/heartbeats'
import { eventually } from '@gatehouse/fixtures/client'
import { REDIS_PATIENCE_MS } from '@gatehouse/fixtures/patience'
import { redisCluster } from '@gatehouse/fixtures/redis-cluster'
import { redisMissing } from '@gatehouse/fixtures/redis-server'
import { partitionedLog } from '@gatehouse/gateway/testing/redis/partitioned-log'
import { followRevocations } from '@gatehouse/gateway/testing/revocation/follow-revocations'
import { type Partition, partitionOf, sessionPartitions } from '@gatehouse/redis/partitions'
import { connectRedis } from '@gatehouse/redis/testing/connect-redis'
import t, { type Test } from 'tap'

const LONG_MS = 30_000
const PARTITIONS = 16
const FRESH_SECONDS = 3

const policy = {
  idleSeconds: 3600,
  graceSeconds: 0,
  replayCap: 1,
  recoverySeconds: 0,
  sessionsPerUser: 20
}

type Use = 'commands' | 'blocking' | 'subscriptions'

const connection = (t: Test, url: string, use: Use) => {
  const redis = connectRedis({ url, use, timeoutMs: REDIS_PATIENCE_MS, onFault: () => {} })
  t.teardown(() => redis.disconnect())
  return redis
}

/** An auth service, reduced to its families and its heartbeats. */
function authOf(t: Test, url: string) {
  const redis = connection(t, url, 'commands')
  const partitions = recordedPartitions(redis, PARTITIONS)
  const families = redisFamilies(redis, policy, {
    partitions,
    storeClock: storeClock(REDIS_PATIENCE_MS),
    revocationSeconds: () => 360
  })
  const open = async (subject: string): Promise<Session> => {
    const nowSeconds = Math.floor(Date.now() / 1000)
    const opened = {
      openedAt: nowSeconds,
      expiresAt: nowSeconds + 3600,
      clientId: 'gatehouse',
      scope: '',
      label: ''
    }
    const sid = randomUUID()
    await families.open(subject, sid, opened)
    return { subject, sid, opened, generation: 0 }
  }
  const source = { address: '192.0.2.1', requestId: 'r' }
  return {
    open,
    run: families.run,
    end: ({ subject, sid }: Session) => families.end(subject, [sid]),
    async refresh(session: Session): Promise<string> {
      const { outcome } = await families.present({ ...session, source })
      if (outcome === 'rotated' || outcome === 'healed') session.generation += 1
      return outcome
    },
    /** Begins when the cluster answers. */
    async beat() {
      await eventually(
        () => partitions.read().catch(() => 0),
        (number) => number === PARTITIONS,
        LONG_MS
      )
      const heartbeats = writeHeartbeats({
        redis,
        partitions,
        replicas: 0,
        monotonicClock: () => performance.now(),
        onFault: () => {}
      })
      t.teardown(() => heartbeats.close())
    }
  }
}

type Session = {
  readonly subject: string
  readonly sid: string
  readonly opened: {
    openedAt: number
    expiresAt: number
    clientId: string
    scope: string
    label: string
  }
  generation: number
}

/** A gateway, reduced to what it knows of the revocation logs. */
function gatewayOf(t: Test, url: string) {
  const log = partitionedLog({
    blocking: connection(t, url, 'blocking'),
    redis: connection(t, url, 'commands'),
    connectNews: () => connection(t, url, 'subscriptions'),
    onServerTime: () => {}
  })
  const ended = new Set<string>()
  const revoked = followRevocations({
    source: log.source,
    clock: Date.now,
    monotonicClock: () => performance.now(),
    onFault: () => {},
    onEntry: (entry) => ended.add(entry.id)
  })
  t.teardown(async () => {
    log.close()
    await revoked.close()
  })
  const becomes = (isSo: (staleness: number) => boolean) =>
    eventually(async () => revoked.stalenessSeconds(), isSo, LONG_MS)
  return {
    becomesFresh: () => becomes((seconds) => seconds < FRESH_SECONDS),
    becomesStale: () => becomes((seconds) => seconds > FRESH_SECONDS && Number.isFinite(seconds)),
    isLoaded: () => revoked.loaded,
    knows: ({ sid }: Session) =>
      eventually(
        async () => ended.has(sid),
        (has) => has,
        LONG_MS
      )
  }
}

/** A subject whose sessions are in this partition. */
function subjectIn(partition: Partition): string {
  for (;;) {
    const subject = randomUUID()
    if (partitionOf(subject, sessionPartitions(PARTITIONS)) === partition) return subject
  }
}

t.test('partitions of the sessions on a Redis Cluster', { skip: redisMissing }, async (t) => {
  const cluster = await redisCluster(t)
  const auth = authOf(t, cluster.url)
  await auth.beat()
  const gateway = gatewayOf(t, cluster.url)
  await gateway.becomesFresh()
  const partitions = sessionPartitions(PARTITIONS)
  const [one = '', two = '', last = ''] = [partitions[0], partitions[8], partitions.at(-1)]
  const refreshed = (session: Session) =>
    eventually(
      () => auth.refresh(session).catch(String),
      (outcome) => outcome === 'rotated',
      LONG_MS
    )

  t.test('each node has sessions, and a gateway learns of every end', async (t) => {
    t.equal(gateway.isLoaded(), true)
    const sessions = await Promise.all(partitions.map((of) => auth.open(subjectIn(of))))
    const families = (await cluster.keys()).map(
      (keys) => keys.filter((key) => sessions.some(({ subject }) => key.endsWith(subject))).length
    )
    t.strictSame(families.sort(), [5, 5, 6], 'the nodes share them')
    await Promise.all(sessions.map(auth.end))
    for (const session of sessions) t.equal(await gateway.knows(session), true)
  })

  t.test('a node that does not answer affects only its partitions', async (t) => {
    const [away, here] = [await auth.open(subjectIn(one)), await auth.open(subjectIn(last))]
    const thaw = await cluster.freezeOwnerOf(familiesKey(away.subject, one))
    await t.rejects(auth.refresh(away), { code: 'UNAVAILABLE' })
    t.equal(await refreshed(here), 'rotated')
    await auth.end(here)
    t.equal(await gateway.knows(here), true)
    t.ok((await gateway.becomesStale()) > FRESH_SECONDS, 'the oldest log decides')
    thaw()
    t.equal(await refreshed(away), 'rotated')
    t.ok((await gateway.becomesFresh()) < FRESH_SECONDS)
    await auth.end(away)
    t.equal(await gateway.knows(away), true)
  })

  t.test('a slot that moves takes its sessions and its log along', async (t) => {
    const session = await auth.open(subjectIn(two))
    await cluster.moveSlotOf(familiesKey(session.subject, two))
    t.equal(await refreshed(session), 'rotated')
    await auth.end(session)
    t.equal(await gateway.knows(session), true)
    t.equal(await auth.refresh(session), 'ended')
  })

  t.test('a replica that takes over continues the sessions and the logs', async (t) => {
    const session = await auth.open(subjectIn(last))
    const before = await auth.run()
    await cluster.failOverOwnerOf(familiesKey(session.subject, last))
    t.equal(await refreshed(session), 'rotated')
    t.ok((await gateway.becomesFresh()) < FRESH_SECONDS)
    await auth.end(session)
    t.equal(await gateway.knows(session), true)
    t.not(await auth.run(), before, 'ends that it may have lost are published again')
  })
})
