import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { redisLogNews } from '@gatehouse/revocation/log-news'
import { redisRevocations } from '@gatehouse/revocation/redis-revocations'
import { revocationStream } from '@gatehouse/revocation/revocation-stream'
import t from 'tap'

const until = 1_800_000_360
const LONG_MS = 60_000

t.test(
  'the log of a partition is read when it has a new entry',
  { skip: redisMissing },
  async (t) => {
    const server = await redisServer(t)
    const { redis } = server
    const [stream, other] = [revocationStream('p0'), revocationStream('p1')]
    const revoke = (id: string) =>
      redis.xadd(stream, '*', 'kind', 'session', 'id', id, 'until', until)
    const signal = AbortSignal.timeout(LONG_MS)
    const reader = await redisConnection(t, server.url)
    const newsWithin = async (longestWaitMs: number) => {
      const connection = await redisConnection(t, server.url)
      return redisLogNews(connection, ['p0', 'p1'], longestWaitMs)
    }
    const subscribed = async (number: number): Promise<void> => {
      const [, subscribers] = (await redis.pubsub('SHARDNUMSUB', stream)) as [string, number]
      if (Number(subscribers) < number) await subscribed(number)
    }

    t.test('an announced entry is read at once, and by one wait', async (t) => {
      const news = await newsWithin(LONG_MS)
      await subscribed(1)
      const batches = redisRevocations(reader, { partition: 'p0', news, overlapMs: 0 })
        .follow(null, signal)
        [Symbol.asyncIterator]()
      t.strictSame((await batches.next()).value?.entries, [])
      await revoke('sid-1')
      await redis.spublish(other, '')
      await redis.spublish(stream, '')
      t.match((await batches.next()).value?.entries, [{ id: 'sid-1' }])
      const next = batches.next()
      await revoke('sid-2')
      await redis.spublish(stream, '')
      t.match((await next).value?.entries, [{ id: 'sid-2' }])
    })

    t.test('an entry whose announcement is lost is read a moment later', async (t) => {
      const news = await newsWithin(20)
      const batches = redisRevocations(reader, { partition: 'p0', news }).follow(null, signal)
      let entries = 0
      await revoke('sid-3')
      for await (const batch of batches) {
        entries += batch.entries.length
        if (entries === 3) await revoke('sid-4')
        if (entries === 4) break
      }
      t.equal(entries, 4)
    })

    t.test('a wait ends with its signal', async (t) => {
      const news = await newsWithin(LONG_MS)
      const ended = new AbortController()
      const waiting = news.next('p1', ended.signal)
      ended.abort()
      await t.resolves(waiting)
      await t.resolves(news.next('p1', ended.signal), 'nor does another one begin')
    })
  }
)
