import { readSettings } from '@gatehouse/settings/read-settings'
import {
  shareFaults,
  shareOf,
  workerCount,
  workerFaults,
  workersSetting
} from '@gatehouse/settings/workers'
import t from 'tap'

const schema = { GATEWAY_WORKERS: workersSetting() }

t.test('the number of workers is a number or auto', async (t) => {
  t.equal(readSettings(schema, {}).GATEWAY_WORKERS, '1')
  for (const value of ['1', '10', '64', 'auto']) {
    t.equal(readSettings(schema, { GATEWAY_WORKERS: value }).GATEWAY_WORKERS, value)
  }
  for (const value of ['0', '65', '100', '-1', '2.5', '01', 'all']) {
    t.throws(() => readSettings(schema, { GATEWAY_WORKERS: value }), {
      message: /GATEWAY_WORKERS must be auto, or a whole number from 1 to 64$/
    })
  }
})

t.test('auto leaves a core for the rest of the machine', async (t) => {
  t.equal(workerCount('3', 1), 3)
  t.strictSame(
    [1, 2, 8, 200].map((cores) => workerCount('auto', cores)),
    [1, 1, 7, 64]
  )
})

t.test('several workers need stores that processes can share', async (t) => {
  t.strictSame(workerFaults('AUTH', '1', { REDIS_URL: undefined }), [])
  t.strictSame(workerFaults('AUTH', '2', { REDIS_URL: 'redis://a' }), [])
  // Refused even where `auto` is 1, because it would not be 1 on a larger machine.
  t.strictSame(workerFaults('AUTH', 'auto', { REDIS_URL: undefined, DATABASE_URL: undefined }), [
    'AUTH_WORKERS must be 1 without REDIS_URL: the embedded stores are for one process',
    'AUTH_WORKERS must be 1 without DATABASE_URL: the embedded stores are for one process'
  ])
})

t.test('the shares of a limit are never more than the limit', async (t) => {
  t.equal(shareOf(20_000, 1), 20_000)
  t.equal(shareOf(2000, 3), 666)
  t.equal(shareOf(2, 3), 1, 'a worker without any could do nothing')
  const limits = {
    GATEWAY_CONNECTIONS: { limit: 2, least: 1 },
    OTHER: { limit: 3, least: 1 },
    GATEWAY_UNREAD_BYTES: { limit: 2999, least: 1000 }
  }
  t.strictSame(shareFaults(limits, 3), [
    'GATEWAY_CONNECTIONS must be at least 3 for 3 workers: each gets a share of it, at least 1',
    'GATEWAY_UNREAD_BYTES must be at least 3000 for 3 workers: each gets a share of it, at least 1000'
  ])
})
