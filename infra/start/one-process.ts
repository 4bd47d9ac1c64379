import { readConfig as readAuthConfig } from '@gatehouse/auth/config'
import { startAuth } from '@gatehouse/auth/start'
import { readConfig as readEchoConfig } from '@gatehouse/echo/config'
import { startEcho } from '@gatehouse/echo/start'
import { readConfig as readGatewayConfig } from '@gatehouse/gateway/config'
import { startGateway } from '@gatehouse/gateway/start'
import { readConfig as readOrdersConfig } from '@gatehouse/orders/config'
import { startOrders } from '@gatehouse/orders/start'
import type { Room } from '@gatehouse/room/room'
import type { HouseEnvironment } from './environment.ts'

/** Every room in this process, on embedded stores; the gateway reads the auth service's own log of revocations. */
export async function startInOneProcess(environment: HouseEnvironment): Promise<Room[]> {
  // All settings are read before anything starts, so that a fault in one of them starts nothing.
  const configs = {
    auth: readAuthConfig(environment),
    orders: readOrdersConfig(environment),
    echo: readEchoConfig(environment),
    gateway: readGatewayConfig(environment)
  }
  const started: Room[] = []
  try {
    const auth = await startAuth(configs.auth)
    started.push(auth)
    started.push(await startOrders(configs.orders))
    started.push(await startEcho(configs.echo))
    started.push(await startGateway(configs.gateway, auth.revocations))
    return started
  } catch (error) {
    for (const room of started) await room.close()
    throw error
  }
}
