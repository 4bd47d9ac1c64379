import { gatewayKeysFaults, gatewayKeysSettings } from '@gatehouse/gateway-keys/settings'
import { defaultPorts } from '@gatehouse/settings/default-ports'
import { commonSettings, dataSettings, host, port } from '@gatehouse/settings/fragments'
import { type Environment, readSettings, SettingsFault } from '@gatehouse/settings/read-settings'
import { unknownSettings } from '@gatehouse/settings/unknown-settings'
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
export function readConfig(environment: Environment): OrdersConfig {
  const { faults } = unknownSettings(environment, {
    known: Object.keys(ordersSettings),
    beginnings: ['ORDERS_'],
    others: ['ORDERS_URL']
  })
  const settings = readSettings(ordersSettings, environment, () => faults)
  const fileFaults = [...listenerFaults('ORDERS', settings), ...gatewayKeysFaults(settings)]
  if (fileFaults.length > 0) throw new SettingsFault(fileFaults)
  return settings
}
