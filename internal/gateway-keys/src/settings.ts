import { GATEWAY_KEYS_PATH } from '@gatehouse/edge-headers/assertion'
import { defaultAddress } from '@gatehouse/settings/default-ports'
import { httpUrl } from '@gatehouse/settings/http-url'
import { clientTlsFaults, clientTlsFiles, clientTlsSettings } from '@gatehouse/tls/client-settings'
import type { Static, Type } from 'typebox'
import type { GatewayKeys } from './gateway-keys.ts'

/** Where a service behind the gateway loads the keys with which gateways sign assertions. */
export const gatewayKeysSettings = {
  GATEWAY_KEYS_URL: httpUrl(`${defaultAddress('GATEWAY_OPS_PORT')}${GATEWAY_KEYS_PATH}`),
  ...clientTlsSettings('GATEWAY_KEYS')
}

type GatewayKeysSettings = Static<ReturnType<typeof Type.Object<typeof gatewayKeysSettings>>>

/** What is wrong with these settings and their files. */
export const gatewayKeysFaults = (settings: GatewayKeysSettings): string[] =>
  clientTlsFaults('GATEWAY_KEYS', settings, settings.GATEWAY_KEYS_URL)

export function gatewayKeysOf(settings: GatewayKeysSettings): GatewayKeys {
  const tls = clientTlsFiles('GATEWAY_KEYS', settings)
  return tls === null ? settings.GATEWAY_KEYS_URL : { url: settings.GATEWAY_KEYS_URL, tls }
}
