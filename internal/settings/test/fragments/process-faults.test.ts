import { settingsFaults } from '@gatehouse/fixtures/settings-faults'
import { drainSettings } from '@gatehouse/settings/drain-times'
import { httpUrl } from '@gatehouse/settings/http-url'
import { host, port } from '@gatehouse/settings/listeners'
import { processFaults } from '@gatehouse/settings/process-faults'
import { readSettings } from '@gatehouse/settings/read-settings'
import t from 'tap'
import { Type } from 'typebox'

const settings = {
  ...drainSettings,
  DOOR_HOST: host(),
  DOOR_PORT: port(3001),
  DOOR_OPS_HOST: host(),
  DOOR_OPS_PORT: port(3901),
  DOOR_BELL_PORT: Type.Optional(Type.Integer())
}
const faultsOf = (environment: Record<string, string>) =>
  processFaults(readSettings(settings, environment), ['DOOR', 'DOOR_OPS', 'DOOR_BELL'])

t.test(
  'two listeners of a process on one port are a fault, unless their hosts differ',
  async (t) => {
    const both = 'each listener must have a port of its own'
    t.strictSame(faultsOf({ DOOR_OPS_PORT: '3001' }), [
      `DOOR_PORT and DOOR_OPS_PORT are both 3001: ${both}`
    ])
    t.strictSame(faultsOf({ DOOR_BELL_PORT: '3001', DOOR_OPS_HOST: '0.0.0.0' }), [
      `DOOR_PORT and DOOR_BELL_PORT are both 3001: ${both}`
    ])
    t.match(faultsOf({ DOOR_OPS_PORT: '3001', DOOR_OPS_HOST: '::' }), [/DOOR_OPS_PORT/])
    for (const right of [
      {},
      { DOOR_PORT: '0', DOOR_OPS_PORT: '0' },
      { DOOR_OPS_PORT: '3001', DOOR_HOST: '10.0.0.4' }
    ]) {
      t.strictSame(faultsOf(right), [])
    }
  }
)

t.test('a drain that is longer than the limit is among the faults of a process', async (t) => {
  t.match(faultsOf({ DRAIN_SECONDS: '26' }), [/^DRAIN_SECONDS must be at most/])
})

t.test('a listener on a port that fetch refuses is a fault, and so is a URL with it', async (t) => {
  const refused: number[] = []
  // `fetch` refuses these without connecting.
  for (const port of [1, 25, 636, 2049, 3659, 4190, 5060, 6000, 6566, 6669, 6697, 10_080]) {
    const fault = await fetch(`http://127.0.0.1:${port}/`).catch((error: Error) => error.cause)
    t.match(fault, { message: 'bad port' }, `port ${port}`)
    refused.push(port)
  }
  for (const port of refused) {
    t.strictSame(faultsOf({ DOOR_BELL_PORT: `${port}` }), [
      `DOOR_BELL_PORT: fetch and browsers do not connect to port ${port}: choose another one`
    ])
    const address = { DOOR_URL: `http://127.0.0.1:${port}/keys` }
    const read = () => readSettings({ DOOR_URL: httpUrl('http://127.0.0.1') }, address)
    t.match(settingsFaults(read), [new RegExp(`do not connect to port ${port}`)])
  }
})
