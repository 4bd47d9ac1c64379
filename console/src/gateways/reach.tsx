import { useEffect } from 'preact/hooks'
import { readEvery } from '../parts/loaded.tsx'
import type { Done } from '../parts/notices.tsx'
import { gatewayList, knownUntil } from './gateway-readings.ts'
import { isSilent, SILENT } from './gateway-state.ts'

const READ_EVERY_MS = 1000

/**
 * What was done, and at which gateways it is in force. To be called when the auth service has
 * answered.
 */
export function withReach(text: string): Done {
  const sinceMs = performance.now()
  return { text, more: () => <Reach sinceMs={sinceMs} /> }
}

/** Which gateways know what was revoked before a time of `performance.now`. */
function Reach({ sinceMs }: { readonly sinceMs: number }) {
  const all = gatewayList.content.value ?? []
  const missing = all.filter(({ id }) => (knownUntil.value.get(id) ?? 0) < sinceMs)
  const isWaiting = missing.length > 0 || all.length === 0
  useEffect(() => (isWaiting ? readEvery(READ_EVERY_MS, gatewayList) : undefined), [isWaiting])
  const number = all.length - missing.length
  const names = missing.map((one) => `${one.name}${isSilent(one) ? `, which ${SILENT}` : ''}`)
  return (
    <span class="reach">
      In force at {number} of {all.length} gateways
      {names.length > 0 ? `; not yet at ${names.join('; ')}` : ''}.
    </span>
  )
}
