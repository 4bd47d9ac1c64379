import { defaultPorts } from '@gatehouse/settings/default-ports'
import { commonSettings, host, port } from '@gatehouse/settings/fragments'
import { type Environment, readSettings, SettingsFault } from '@gatehouse/settings/read-settings'
import { unknownSettings } from '@gatehouse/settings/unknown-settings'
import { listenerFaults, listenerSettings } from '@gatehouse/tls/listener-settings'
import type { Static, Type } from 'typebox'

/** The settings of the example service. .env.example describes each of them. */
export const echoSettings = {
  ...commonSettings,
  ECHO_HOST: host(),
  ECHO_PORT: port(defaultPorts.ECHO_PORT),
  ECHO_OPS_HOST: host(),
  ECHO_OPS_PORT: port(defaultPorts.ECHO_OPS_PORT),
  ...listenerSettings('ECHO')
}

export type EchoConfig = Static<ReturnType<typeof Type.Object<typeof echoSettings>>>

/** @throws SettingsFault */
export function readConfig(environment: Environment): EchoConfig {
  const { faults } = unknownSettings(environment, {
    known: Object.keys(echoSettings),
    beginnings: ['ECHO_'],
    others: ['ECHO_URL']
  })
  const settings = readSettings(echoSettings, environment, () => faults)
  const fileFaults = listenerFaults('ECHO', settings)
  if (fileFaults.length > 0) throw new SettingsFault(fileFaults)
  return settings
}
