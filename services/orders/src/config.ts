import { commonSettings, dataSettings, host, httpUrl, port } from '@gatehouse/settings/fragments'
import { type Environment, readSettings } from '@gatehouse/settings/read-settings'
import { unknownSettings } from '@gatehouse/settings/unknown-settings'
import type { Static, Type } from 'typebox'

/** The settings of the example service. .env.example describes each of them. */
export const ordersSettings = {
  ...commonSettings,
  ...dataSettings,
  ORDERS_HOST: host(),
  ORDERS_PORT: port(3002),
  ORDERS_OPS_HOST: host(),
  ORDERS_OPS_PORT: port(3902),
  GATEWAY_KEYS_URL: httpUrl('http://127.0.0.1:3900/.well-known/gateway-jwks.json')
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
