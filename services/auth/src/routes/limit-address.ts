import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import type { FastifyRequest } from 'fastify'
import type { RequestCounts } from '../guesses/request-counts.ts'
import { tooManyCredentials } from '../refusals.ts'
import { originOf } from './origin-of.ts'

/** A hook for the routes that take a password. */
export type LimitAddress = (request: FastifyRequest) => Promise<void>

type Needs = {
  requestCounts: RequestCounts
  /** makes a key from a network */
  digest: (text: string) => Buffer
  perMinute: number
  clock: () => number
}

const MINUTE_MS = 60_000

/** Counts the requests of one network per minute, across all instances that share a Redis. */
export function limitAddress({ requestCounts, digest, perMinute, clock }: Needs): LimitAddress {
  return async (request) => {
    const nowMs = clock()
    const minute = Math.floor(nowMs / MINUTE_MS)
    const key = digest(`requests\0${clientNetwork(originOf(request).address)}`)
    const count = await requestCounts.count(minute, key)
    if (count <= perMinute) return
    throw tooManyCredentials(Math.ceil(((minute + 1) * MINUTE_MS - nowMs) / 1000))
  }
}
