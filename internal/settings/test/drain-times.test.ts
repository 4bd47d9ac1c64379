import { drainSettings, drainTimes } from '@gatehouse/settings/drain-times'
import { readSettings } from '@gatehouse/settings/read-settings'
import t from 'tap'

const timesOf = (environment: Record<string, string>) =>
  drainTimes(readSettings(drainSettings, environment))

t.test('the limit is for draining and for what is in flight after it together', async (t) => {
  t.strictSame(timesOf({}), { drainMs: 5000, closeMs: 20_000 })
  t.strictSame(timesOf({ DRAIN_SECONDS: '0' }), { drainMs: 0, closeMs: 25_000 })
  const short = timesOf({ DRAIN_SECONDS: '30', DRAIN_LIMIT_SECONDS: '10' })
  t.strictSame(short, { drainMs: 10_000, closeMs: 0 })
})
