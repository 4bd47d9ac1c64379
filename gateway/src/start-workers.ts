import { GATEWAY_KEYS_PATH } from '@gatehouse/edge-headers/assertion'
import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import { serviceLog } from '@gatehouse/http-service/service-log'
import type { RunningService } from '@gatehouse/process/running-service'
import { startPrimary } from '@gatehouse/process/start-primary'
import { withClosing } from '@gatehouse/process/with-closing'
import { words } from '@gatehouse/settings/words'
import { openTls } from '@gatehouse/tls/process-tls'
import type { GatewayConfig } from './config.ts'
import { assertionKeys } from './fleet/assertion-keys-schema.ts'
import { mergedKeySets } from './fleet/merged-key-sets.ts'
import { trustedProxies } from './proxies/trusted-proxies.ts'

/**
 * Starts several gateway processes on one port, and speaks for them on the ops listener. The
 * keys with which services verify assertions are those of all of them.
 */
export async function startWorkers(config: GatewayConfig): Promise<RunningService> {
  const log = serviceLog('gateway', config.LOG_LEVEL)
  for (const warning of config.warnings) log.warn(warning)
  const isTrustedProxy = trustedProxies(words(config.GATEWAY_TRUSTED_PROXIES))
  return withClosing((closing) => {
    const tls = openTls('GATEWAY', config, log)
    closing.defer(tls.close)
    return startPrimary({
      name: 'gateway',
      workers: config.workers,
      log,
      tls,
      at: { host: config.GATEWAY_OPS_HOST, port: config.GATEWAY_OPS_PORT },
      hosts: words(config.GATEWAY_OPS_HOSTS),
      clientOf: (address) => (isTrustedProxy(address) ? null : clientNetwork(address)),
      merged: { [GATEWAY_KEYS_PATH]: { schema: assertionKeys, merge: mergedKeySets } }
    })
  })
}
