import { gatewayKeysFaults, gatewayKeysSettings } from '@gatehouse/gateway-keys/settings'
import { commonSettings, dataSettings } from '@gatehouse/settings/common-settings'
import { defaultPorts } from '@gatehouse/settings/default-ports'
import { host, port } from '@gatehouse/settings/listeners'
import { processFaults } from '@gatehouse/settings/process-faults'
import { readServiceSettings } from '@gatehouse/settings/read-service-settings'
import type { Environment } from '@gatehouse/settings/read-settings'
import { listenerFaults, listenerSettings } from '@gatehouse/tls/listener-settings'
import type { Static, Type } from 'typebox'

/** The settings of the example service. .env.example describes each of them. */
export const ordersSettings = {
  ...commonSettings,
  ...dataSettings,
  ORDERS_HOST: host(),
  ORDERS_PORT: port(defaultPorts.ORDERS_PORT),
  ORDERS_OPS_HOST: host(),
  ORDERS_OPS_PORT: port(defaultPorts.ORDERS_OPS_PORT),
  ...listenerSettings('ORDERS'),
  ...gatewayKeysSettings
}

export type OrdersConfig = Static<ReturnType<typeof Type.Object<typeof ordersSettings>>>

/** @throws SettingsFault */
export const readConfig = (environment: Environment): OrdersConfig =>
  readServiceSettings('ORDERS', ordersSettings, environment, (settings) => [
    ...processFaults(settings, ['ORDERS', 'ORDERS_OPS']),
    ...listenerFaults('ORDERS', settings),
    ...gatewayKeysFaults(settings)
  ])
