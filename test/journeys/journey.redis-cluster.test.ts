import { client, eventually, type TokenAnswer } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { OUTAGE_BOUND_MS, within } from '@gatehouse/fixtures/own-time'
import { redisCluster } from '@gatehouse/fixtures/redis-cluster'
import { redisMissing } from '@gatehouse/fixtures/redis-server'
import { serviceProcess } from '@gatehouse/fixtures/service-process'
import { COMMAND_TIMEOUT_MS } from '@gatehouse/redis/connection'
import { keyIn, partitionOf, sessionPartitions } from '@gatehouse/redis/partitions'
import t from 'tap'
import { journey } from './fixtures/journey.ts'

const LONG_MS = 20_000
const PARTITIONS = 24
const PREFIX = 'partitioned:'

// One cluster for all tests, each with a database of its own.
const started = redisMissing ? null : await redisCluster(t)
const running = () => {
  if (started === null) throw new Error(String(redisMissing))
  return started
}

t.test(
  'a node that does not answer is an outage in bounded time',
  { skip: redisMissing },
  async (t) => {
    const cluster = running()
    const auth = await serviceProcess('auth', {
      AUTH_PORT: '0',
      AUTH_OPS_PORT: '0',
      GATEHOUSE_DATA_DIR: dataFolder(t),
      REDIS_URL: cluster.url,
      // The product's own limit. Other tests wait longer for a busy machine.
      REDIS_TIMEOUT_MS: String(COMMAND_TIMEOUT_MS)
    })
    t.teardown(auth.stop)
    const { call } = client(auth.url)
    const json = { email: 'ada@example.com', password: 'correct horse battery' }
    const refresh = (refreshToken: string) => call('/refresh-token', { json: { refreshToken } })
    const done = <Answered extends { status: number }>(ask: () => Promise<Answered>) =>
      eventually(ask, ({ status }) => status !== 503, LONG_MS)
    await done(() => call('/register', { json }))
    const { body: tokens } = await done(() => call<TokenAnswer>('/login', { json }))

    const thaw = await cluster.freezeOwnerOf('gatehouse:{sessions}')
    const answer = await within(t, OUTAGE_BOUND_MS, 'a refresh', () => refresh(tokens.refreshToken))
    t.equal(answer.status, 503)
    t.equal(answer.headers.get('retry-after'), '1')
    thaw()

    const again = await done(() => refresh(tokens.refreshToken))
    t.equal(again.status, 200, 'the same refresh token works when it is back')
  }
)

// Last, because afterwards a slot is no longer where the cluster's creation put it.
t.test('the whole journey works on a Redis Cluster', { skip: redisMissing }, async (t) => {
  const url = await journey(t, {
    GATEHOUSE_DATA_DIR: dataFolder(t),
    REDIS_URL: running().url,
    REDIS_KEY_PREFIX: PREFIX,
    REDIS_PARTITIONS: String(PARTITIONS)
  })

  await t.test('moving a slot to another node signs no user out', async (t) => {
    const { call, register, login, refresh, logout } = client(url)
    const ada = ['moved@example.com', 'correct horse battery'] as const
    const { user } = (await register(...ada)).body
    const { body: tokens } = await login(...ada)
    const held = `${PREFIX}${keyIn(partitionOf(user.id, sessionPartitions(PARTITIONS)), user.id)}`
    t.ok((await running().keys()).flat().includes(held), 'the sessions of the user')

    await running().moveSlotOf(held)

    let answer = await refresh(tokens.refreshToken)
    t.equal(answer.status, 200, 'a client that is redirected asks the other node')
    for (let turn = 0; turn < 5; turn++) answer = await refresh(answer.body.refreshToken)
    t.equal(answer.status, 200)
    const { accessToken, refreshToken } = answer.body as TokenAnswer
    await logout(refreshToken)
    const { status } = await eventually(
      () => call('/echo/x', { token: accessToken }),
      (answer) => answer.status !== 200,
      5000
    )
    t.equal(status, 401, 'and the gateway follows the log there')
  })
})
