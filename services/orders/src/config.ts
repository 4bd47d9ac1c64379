import { defaultPorts } from '@gatehouse/settings/default-ports'
import { commonSettings, dataSettings, host, port } from '@gatehouse/settings/fragments'
import { gatewayKeysSettings } from '@gatehouse/settings/gateway-keys'
import { type Environment, readSettings } from '@gatehouse/settings/read-settings'
import { unknownSettings } from '@gatehouse/settings/unknown-settings'
import type { Static, Type } from 'typebox'

/** The settings of the example service. .env.example describes each of them. */
export const ordersSettings = {
  ...commonSettings,
  ...dataSettings,
  ORDERS_HOST: host(),
  ORDERS_PORT: port(defaultPorts.ORDERS_PORT),
  ORDERS_OPS_HOST: host(),
  ORDERS_OPS_PORT: port(defaultPorts.ORDERS_OPS_PORT),
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
  return readSettings(ordersSettings, environment, () => faults)
}
