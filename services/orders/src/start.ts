import { join } from 'node:path'
import { gatewayKeysOf } from '@gatehouse/gateway-keys/settings'
import type { RunningService } from '@gatehouse/process/running-service'
import { startService } from '@gatehouse/process/start-service'
import { buildOrders } from './app.ts'
import type { OrdersConfig } from './config.ts'
import { openOrderBook } from './order-book.ts'

/** The name of this service in assertions. */
const AUDIENCE = 'orders'

export const startOrders = (config: OrdersConfig): Promise<RunningService> =>
  startService({
    name: 'orders',
    config,
    at: { host: config.ORDERS_HOST, port: config.ORDERS_PORT },
    opsAt: { host: config.ORDERS_OPS_HOST, port: config.ORDERS_OPS_PORT },
    async build(options) {
      const orders = openOrderBook(join(config.GATEHOUSE_DATA_DIR, 'orders.sqlite'))
      const identity = { gatewayKeys: gatewayKeysOf(config), audience: AUDIENCE }
      const service = await buildOrders({ ...options, identity, orders })
      return { service, close: () => orders.close() }
    }
  })
