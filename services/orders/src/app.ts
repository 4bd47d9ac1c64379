import { buildService, type ServerTls, type Service } from '@gatehouse/http-service/build-service'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import {
  type Identity,
  type IdentityOptions,
  identity,
  requireIdentity,
  requireScope
} from '@gatehouse/identity/fastify'
import { Refusal } from '@gatehouse/problem/refusal'
import { Type } from 'typebox'
import type { OrderBook, Visibility } from './order-book.ts'
import { servePage } from './page.ts'

type OrdersOptions = {
  readonly log: ServiceLog
  readonly https?: ServerTls | null
  /** how long requests in flight may take when the service closes */
  readonly closeMs: number
  readonly identity: IdentityOptions
  readonly orders: OrderBook
}

const Order = Type.Object({
  id: Type.String(),
  owner: Type.String(),
  item: Type.String(),
  quantity: Type.Integer(),
  createdAt: Type.String()
})
const NewOrder = Type.Object(
  {
    item: Type.String({ minLength: 1, maxLength: 200 }),
    quantity: Type.Integer({ minimum: 1, maximum: 1000 })
  },
  { additionalProperties: false }
)

/**
 * A small REST resource like any team's service: no credential, no token, only `request.identity`.
 */
export async function buildOrders({
  log,
  closeMs,
  https = null,
  orders,
  ...options
}: OrdersOptions): Promise<Service> {
  const service = buildService({ log, closeMs, https })
  await service.register(identity, options.identity)
  orderRoutes(service, orders)
  servePage(service)
  return service
}

function orderRoutes(service: Service, orders: OrderBook): void {
  service.get(
    '/orders',
    {
      onRequest: requireScope('orders:read'),
      schema: { response: { 200: Type.Object({ orders: Type.Array(Order) }) } }
    },
    async (request) => ({ orders: orders.list(visibleTo(requireIdentity(request))) })
  )

  service.get(
    '/orders/:id',
    {
      onRequest: requireScope('orders:read'),
      schema: {
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        response: { 200: Type.Object({ order: Order }) }
      }
    },
    async (request) => {
      const order = orders.find(request.params.id, visibleTo(requireIdentity(request)))
      if (order === null) throw new Refusal('NOT_FOUND', { reason: 'no such order of this user' })
      return { order }
    }
  )

  service.post(
    '/orders',
    {
      onRequest: requireScope('orders:write'),
      schema: { body: NewOrder, response: { 201: Type.Object({ order: Order }) } }
    },
    async (request, reply) => {
      const { item, quantity } = request.body
      const order = orders.place(requireIdentity(request).subject, item, quantity)
      return reply.code(201).header('location', `/orders/${order.id}`).send({ order })
    }
  )
}

/** Each user sees only their own orders; an admin sees all. */
function visibleTo({ subject, roles }: Identity): Visibility {
  return roles.includes('admin') ? 'all' : { owner: subject }
}
