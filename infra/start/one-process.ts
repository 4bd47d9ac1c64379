import { serveApiPage } from '@gatehouse/api-page/serve-api-page'
import { readConfig as readAuthConfig } from '@gatehouse/auth/config'
import { startAuth } from '@gatehouse/auth/start'
import { readConfig as readEchoConfig } from '@gatehouse/echo/config'
import { startEcho } from '@gatehouse/echo/start'
import { memoryFleet } from '@gatehouse/fleet/memory-fleet'
import { readConfig as readGatewayConfig } from '@gatehouse/gateway/config'
import { startGateway } from '@gatehouse/gateway/start'
import { readConfig as readOrdersConfig } from '@gatehouse/orders/config'
import { startOrders } from '@gatehouse/orders/start'
import type { RunningService } from '@gatehouse/process/running-service'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import { innerEnvironment, type SystemEnvironment } from './environment.ts'

/**
 * Starts every service in this process, on embedded stores. The gateway reads the auth service's
 * revocation log directly.
 */
export async function startInOneProcess(environment: SystemEnvironment): Promise<RunningService[]> {
  const configs = readConfigs(environment)
  const started: RunningService[] = []
  const fleet = memoryFleet(() => performance.now())
  try {
    const auth = await startAuth(configs.auth, {
      fleet,
      ...(hasApiPage(environment) ? { onOps: serveApiPage } : {})
    })
    started.push(auth)
    started.push(await startOrders(configs.orders))
    started.push(await startEcho(configs.echo))
    const { revocations, takeSightings } = auth
    const embedded = { revocations, takeSightings, fleet }
    started.push(await startGateway(configs.gateway, embedded))
    return started
  } catch (error) {
    // The error of the start is the one to report.
    for (const service of started) await service.close().catch(() => {})
    throw error
  }
}

/** Whether the ops listener of the auth service has the page of the HTTP API. */
export const hasApiPage = ({ NODE_ENV }: SystemEnvironment): boolean => NODE_ENV !== 'production'

/**
 * The settings of every service, before anything starts.
 * @throws SettingsFault with the faults of all of them
 */
function readConfigs(environment: SystemEnvironment) {
  const faults: string[] = []
  const attempt = <Config>(
    read: (environment: SystemEnvironment) => Config,
    own = innerEnvironment(environment)
  ): Config | undefined => {
    try {
      return read(own)
    } catch (error) {
      if (!(error instanceof SettingsFault)) throw error
      faults.push(...error.faults)
      return undefined
    }
  }
  const auth = attempt(readAuthConfig)
  const orders = attempt(readOrdersConfig)
  const echo = attempt(readEchoConfig)
  const gateway = attempt(readGatewayConfig, environment)
  if (!auth || !orders || !echo || !gateway) throw new SettingsFault([...new Set(faults)])
  return { auth, orders, echo, gateway }
}
