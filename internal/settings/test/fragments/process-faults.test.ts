import { drainSettings } from '@gatehouse/settings/drain-times'
import { host, port } from '@gatehouse/settings/fragments'
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
