import { commonSettings } from '@gatehouse/settings/common-settings'
import { defaultPorts } from '@gatehouse/settings/default-ports'
import { host, port } from '@gatehouse/settings/listeners'
import { processFaults } from '@gatehouse/settings/process-faults'
import { readServiceSettings } from '@gatehouse/settings/read-service-settings'
import type { Environment } from '@gatehouse/settings/read-settings'
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
export const readConfig = (environment: Environment): EchoConfig =>
  readServiceSettings('ECHO', echoSettings, environment, (settings) => [
    ...processFaults(settings, ['ECHO', 'ECHO_OPS']),
    ...listenerFaults('ECHO', settings)
  ])
