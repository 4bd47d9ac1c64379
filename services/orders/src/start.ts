import { join } from 'node:path'
import { roomLog } from '@gatehouse/http-service/room-log'
import { listen } from '@gatehouse/room/listen'
import { buildOps } from '@gatehouse/room/ops-listener'
import type { Room } from '@gatehouse/room/room'
import { Registry } from 'prom-client'
import { buildOrders } from './app.ts'
import type { OrdersConfig } from './config.ts'
import { openOrderBook } from './order-book.ts'

/** The routes of the gateway that lead here: assertions are made for them by name. */
const ROUTES_TO_ORDERS = ['orders']

export async function startOrders(config: OrdersConfig): Promise<Room> {
  const log = roomLog('orders', config.LOG_LEVEL)
  const orders = openOrderBook(join(config.GATEHOUSE_DATA_DIR, 'orders.sqlite'))
  const service = await buildOrders({
    identity: { gatewayKeys: config.GATEWAY_KEYS_URL, routes: ROUTES_TO_ORDERS },
    ...{ log, orders }
  })
  const ops = buildOps({ log, metrics: new Registry(), checks: {} })
  const opsUrl = await listen(ops, { host: config.ORDERS_OPS_HOST, port: config.ORDERS_OPS_PORT })
  const url = await listen(service, { host: config.ORDERS_HOST, port: config.ORDERS_PORT })
  return {
    ...{ name: 'orders', url, opsUrl },
    async close() {
      await service.close()
      await ops.close()
      orders.close()
    }
  }
}
