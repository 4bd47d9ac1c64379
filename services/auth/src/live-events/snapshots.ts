import { type LiveGateway, SILENT_MS, takesClients } from '@gatehouse/fleet/fleet'
import type { KeyRecord } from '../keys/key-lifecycle.ts'

/** A list, and a text that changes with each change that readers must get. */
export type Snapshot<Content> = { readonly content: Content; readonly version: string }

export const snapshotOfKeys = (content: readonly KeyRecord[]): Snapshot<readonly KeyRecord[]> => ({
  content,
  version: JSON.stringify(content)
})

/** By name. */
export function snapshotOfGateways(live: readonly LiveGateway[]): Snapshot<readonly LiveGateway[]> {
  const content = live.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  // How far a gateway is behind changes all the time.
  return { content, version: JSON.stringify(content.map(versionOf)) }
}

const versionOf = (gateway: LiveGateway) => {
  const { id, keySetVersion, kids, silentMs, vitals } = gateway
  const { routesVersion, routeFaults, drained } = vitals ?? {}
  const states = [routeFaults, drained, takesClients(gateway), silentMs > SILENT_MS]
  return [id, keySetVersion, kids, routesVersion, ...states] as const
}
