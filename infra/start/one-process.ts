import { readConfig as readAuthConfig } from '@gatehouse/auth/config'
import { startAuth } from '@gatehouse/auth/start'
import { readConfig as readEchoConfig } from '@gatehouse/echo/config'
import { startEcho } from '@gatehouse/echo/start'
import { memoryFleet } from '@gatehouse/fleet/memory-fleet'
import { readConfig as readGatewayConfig } from '@gatehouse/gateway/config'
import { startGateway } from '@gatehouse/gateway/start'
import { readConfig as readOrdersConfig } from '@gatehouse/orders/config'
import { startOrders } from '@gatehouse/orders/start'
import type { Room } from '@gatehouse/room/room'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import type { HouseEnvironment } from './environment.ts'

/** Every room in this process, on embedded stores; the gateway reads the auth service's own log of revocations. */
export async function startInOneProcess(environment: HouseEnvironment): Promise<Room[]> {
  const configs = readConfigs(environment)
  const started: Room[] = []
  const fleet = memoryFleet(Date.now)
  try {
    const auth = await startAuth(configs.auth, { fleet })
    started.push(auth)
    started.push(await startOrders(configs.orders))
    started.push(await startEcho(configs.echo))
    const { revocations, takeSightings } = auth
    const embedded = { revocations, takeSightings, fleet }
    started.push(await startGateway(configs.gateway, embedded))
    return started
  } catch (error) {
    for (const room of started) await room.close()
    throw error
  }
}

/**
 * The settings of every room, before anything starts.
 * @throws SettingsFault with the faults of all of them
 */
function readConfigs(environment: HouseEnvironment) {
  const faults: string[] = []
  const attempt = <Config>(read: (environment: HouseEnvironment) => Config): Config | undefined => {
    try {
      return read(environment)
    } catch (error) {
      if (!(error instanceof SettingsFault)) throw error
      faults.push(...error.faults)
      return undefined
    }
  }
  const auth = attempt(readAuthConfig)
  const orders = attempt(readOrdersConfig)
  const echo = attempt(readEchoConfig)
  const gateway = attempt(readGatewayConfig)
  if (!auth || !orders || !echo || !gateway) throw new SettingsFault([...new Set(faults)])
  return { auth, orders, echo, gateway }
}
