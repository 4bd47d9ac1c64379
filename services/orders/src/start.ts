import { join } from 'node:path'
import { gatewayKeysOf } from '@gatehouse/gateway-keys/settings'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { openService } from '@gatehouse/process/open-service'
import { buildOps } from '@gatehouse/process/ops-listener'
import { processMetrics } from '@gatehouse/process/process-metrics'
import type { RunningService } from '@gatehouse/process/running-service'
import { drainTimes } from '@gatehouse/settings/drain-times'
import { openTls } from '@gatehouse/tls/process-tls'
import { buildOrders } from './app.ts'
import type { OrdersConfig } from './config.ts'
import { openOrderBook } from './order-book.ts'

/** The name of this service in assertions. */
const AUDIENCE = 'orders'

export async function startOrders(config: OrdersConfig): Promise<RunningService> {
  const times = drainTimes(config)
  const log = serviceLog('orders', config.LOG_LEVEL)
  const tls = openTls('ORDERS', config, log)
  const orders = openOrderBook(join(config.GATEHOUSE_DATA_DIR, 'orders.sqlite'))
  const service = await buildOrders({
    identity: { gatewayKeys: gatewayKeysOf(config), audience: AUDIENCE },
    https: tls.service?.options ?? null,
    closeMs: times.closeMs,
    log,
    orders
  })
  const https = tls.ops?.options ?? null
  const ops = buildOps({ log, metrics: processMetrics('orders'), checks: {}, service, https })
  return openService({
    name: 'orders',
    times,
    tls,
    ops: { app: ops, at: { host: config.ORDERS_OPS_HOST, port: config.ORDERS_OPS_PORT } },
    service: { app: service, at: { host: config.ORDERS_HOST, port: config.ORDERS_PORT } },
    async close() {
      await service.close()
      await ops.close()
      orders.close()
    }
  })
}
