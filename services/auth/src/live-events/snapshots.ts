import { type Announcement, takesClients } from '@gatehouse/fleet/fleet'
import type { KeyRecord } from '../keys/key-lifecycle.ts'

/** A list, and a text that changes with each change that readers must get. */
export type Snapshot<Content> = { readonly content: Content; readonly version: string }

export const snapshotOfKeys = (content: readonly KeyRecord[]): Snapshot<readonly KeyRecord[]> => ({
  content,
  version: JSON.stringify(content)
})

/** By name. */
export function snapshotOfGateways(
  live: readonly Announcement[]
): Snapshot<readonly Announcement[]> {
  const content = live.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  // How far a gateway is behind changes all the time.
  return { content, version: JSON.stringify(content.map(versionOf)) }
}

const versionOf = (gateway: Announcement) => {
  const { id, keySetVersion, kids, vitals } = gateway
  const { routesVersion, drained } = vitals ?? {}
  return [id, keySetVersion, kids, routesVersion, drained, takesClients(gateway)] as const
}
