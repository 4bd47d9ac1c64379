import { drainFaults, drainSettings, drainTimes } from '@gatehouse/settings/drain-times'
import { readSettings } from '@gatehouse/settings/read-settings'
import t from 'tap'

const timesOf = (environment: Record<string, string>) =>
  drainTimes(readSettings(drainSettings, environment))

t.test('the limit is for draining and for what is in flight after it together', async (t) => {
  t.strictSame(timesOf({}), { drainMs: 5000, closeMs: 20_000 })
  t.strictSame(timesOf({ DRAIN_SECONDS: '0' }), { drainMs: 0, closeMs: 25_000 })
  const short = timesOf({ DRAIN_LIMIT_SECONDS: '3' })
  t.strictSame(short, { drainMs: 3000, closeMs: 0 }, 'the default fits into a shorter limit')
})

t.test('a drain that is longer than the limit for the whole end is a fault', async (t) => {
  const faultsOf = (environment: Record<string, string>) =>
    drainFaults(readSettings(drainSettings, environment))
  const told = /^DRAIN_SECONDS must be at most 10 \(DRAIN_LIMIT_SECONDS\)/
  t.match(faultsOf({ DRAIN_SECONDS: '11', DRAIN_LIMIT_SECONDS: '10' }), [told])
  t.match(faultsOf({ DRAIN_SECONDS: '26' }), [/at most 25 /])
  for (const right of [{}, { DRAIN_SECONDS: '25' }, { DRAIN_LIMIT_SECONDS: '3' }]) {
    t.strictSame(faultsOf(right), [])
  }
})
