import { normalizeIP } from '@fastify/rate-limit'
import type { Origin } from '../audit/audit-event.ts'

/** the smallest prefix of a customer (RFC 6177): a client with one address has all of them */
const IPV6_PREFIX = 64

/** The network by which requests are counted: an IPv4 address, or the /64 of an IPv6 address. */
export const networkOf = ({ address }: Origin): string => normalizeIP(address, IPV6_PREFIX)
