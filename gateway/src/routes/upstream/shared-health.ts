import { httpUrlFault } from '@gatehouse/settings/formats'
import type { DocumentFault } from '@gatehouse/settings/schema-faults'
import type { UpstreamEntry } from './upstream.ts'
import { healthDefaults } from './upstream-health.ts'

/**
 * Faults of upstreams that share an address, but want its health checked in different ways. An
 * address has one health: an unhealthy one gets no requests of either upstream.
 */
export function sharedHealthFaults(
  upstreams: Readonly<Record<string, UpstreamEntry>>
): DocumentFault[] {
  const first = new Map<string, { readonly name: string; readonly health: string }>()
  return Object.entries(upstreams).flatMap(([name, entry]) => {
    if (typeof entry === 'string' || entry.health === undefined) return []
    const health = JSON.stringify(Object.entries({ ...healthDefaults, ...entry.health }).sort())
    const known = entry.addresses.filter((address) => httpUrlFault(address) === null)
    return known.flatMap((address) => {
      const { origin } = new URL(address)
      const other = first.get(origin) ?? { name, health }
      first.set(origin, other)
      if (other.health === health) return []
      const text = `health must be as that of upstream ${other.name}, which has the address ${origin} too; or leave it out here`
      return [{ path: ['upstreams', name], text }]
    })
  })
}
