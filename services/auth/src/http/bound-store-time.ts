import type { Service } from '@gatehouse/http-service/build-service'
import type { FastifyRequest } from 'fastify'
import { type StoreTime, withStoreTime } from '../store-time.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** how long its store calls may still take; null before its first hook */
    storeTime: StoreTime | null
  }
}

/**
 * Bounds the time that all store calls of one request take together. Each call has a time-out of
 * its own, but a slow store and clients that queue for its connections would add up to several
 * time-outs, and a client must hear of an outage within a second.
 */
export function boundStoreTime(service: Service, budgetMs: number): void {
  service.decorateRequest('storeTime', null)
  const timeOf = (request: FastifyRequest): StoreTime => {
    request.storeTime ??= { leftMs: budgetMs, budgetMs }
    return request.storeTime
  }
  service.addHook('onRequest', (request, _reply, done) => withStoreTime(timeOf(request), done))
  // A body is read in events of its connection, which belong to no request context.
  service.addHook('preValidation', (request, _reply, done) => withStoreTime(timeOf(request), done))
}
