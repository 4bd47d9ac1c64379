import { GATEWAY_KEYS_PATH } from '@gatehouse/edge-headers/assertion'
import { defaultAddress } from './default-ports.ts'
import { httpUrl } from './fragments.ts'

/** Where a service behind the gateway loads the keys with which gateways sign assertions. */
export const gatewayKeysSettings = {
  GATEWAY_KEYS_URL: httpUrl(`${defaultAddress('GATEWAY_OPS_PORT')}${GATEWAY_KEYS_PATH}`)
}
