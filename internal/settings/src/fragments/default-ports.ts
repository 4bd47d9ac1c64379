/** The ports of listeners whose settings are unset. */
export const defaultPorts = {
  GATEWAY_PORT: 3000,
  AUTH_PORT: 3001,
  ORDERS_PORT: 3002,
  ECHO_PORT: 3003,
  GATEWAY_OPS_PORT: 3900,
  AUTH_OPS_PORT: 3901,
  ORDERS_OPS_PORT: 3902,
  ECHO_OPS_PORT: 3903
} as const

export type PortSetting = keyof typeof defaultPorts

/** The address of a listener on this machine whose port is not set. */
export const defaultAddress = (setting: PortSetting): string =>
  `http://127.0.0.1:${defaultPorts[setting]}`
