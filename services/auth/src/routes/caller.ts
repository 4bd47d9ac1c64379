import { normalizeIP } from '@fastify/rate-limit'
import type { Origin } from '../audit/audit-event.ts'

/** what a customer is given at least (RFC 6177): whoever has one address of it has all */
const IPV6_PREFIX = 64

/** Where requests are counted: an IPv4 address, or the /64 of an IPv6 address. */
export const networkOf = ({ address }: Origin): string => normalizeIP(address, IPV6_PREFIX)
