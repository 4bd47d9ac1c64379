import { hostname } from 'node:os'
import { settingsFaults } from '@gatehouse/fixtures/settings-faults'
import t from 'tap'
import { readConfig } from '../../src/config.ts'
import { newFleetMember } from '../../src/fleet/fleet-member.ts'

const nameWith = (environment: Record<string, string>) =>
  newFleetMember(readConfig(environment)).name

t.test('operators can tell gateways apart by their names', async (t) => {
  t.equal(nameWith({ GATEWAY_NAME: 'edge-1' }), 'edge-1')
  t.equal(nameWith({ GATEWAY_PORT: '3010' }), `${hostname()}:3010`)
  t.equal(nameWith({ GATEWAY_PORT: '0' }), `${hostname()}:${process.pid}`)
  t.match(
    settingsFaults(() => readConfig({ GATEWAY_NAME: 'edge 1' })),
    [/^GATEWAY_NAME must be a name of at most 64 letters, digits, dots/]
  )
})
