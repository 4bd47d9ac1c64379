import { serviceLog } from '@gatehouse/http-service/service-log'
import type { RunningService } from '@gatehouse/process/running-service'
import { startPrimary } from '@gatehouse/process/start-primary'
import { withClosing } from '@gatehouse/process/with-closing'
import { words } from '@gatehouse/settings/words'
import { openTls } from '@gatehouse/tls/process-tls'
import type { AuthConfig } from './config.ts'

/**
 * Starts several auth processes on one port, and speaks for them on the ops listener. They
 * share their work as instances on several machines do.
 */
export async function startWorkers(config: AuthConfig): Promise<RunningService> {
  const log = serviceLog('auth', config.LOG_LEVEL)
  for (const warning of config.warnings) log.warn(warning)
  return withClosing((closing) => {
    const tls = openTls('AUTH', config, log)
    closing.defer(tls.close)
    return startPrimary({
      name: 'auth',
      workers: config.workers,
      log,
      tls,
      at: { host: config.AUTH_OPS_HOST, port: config.AUTH_OPS_PORT },
      hosts: words(config.AUTH_OPS_HOSTS),
      // Its clients are gateways, each with the connections of many clients.
      clientOf: () => null
    })
  })
}
