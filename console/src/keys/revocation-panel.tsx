import { now } from '../api/server-time.ts'
import { GatewayProgress } from '../gateways/gateway-progress.tsx'
import { isSilent, SILENT } from '../gateways/gateway-state.ts'
import { gateways, keys } from '../live/live.ts'
import { count, shortKid, timeText } from '../parts/text.ts'
import { revocationOf } from './revocation.ts'

/**
 * Which gateways refuse the tokens of the key that was revoked last. Absent if that is long ago.
 */
export function RevocationPanel() {
  const revocation = revocationOf(keys.value ?? [], gateways.value ?? [], now.value)
  if (revocation === null) return null
  const { key, gateways: reached } = revocation
  const refusing = reached.filter(({ accepts }) => !accepts).length
  return (
    <section class="card" aria-labelledby="revocation">
      <h2 id="revocation">Revocation</h2>
      <p>
        <code>{shortKid(key.kid)}</code> was revoked {timeText(key.endedAt ?? key.createdAt)}.{' '}
        {refusing} of {count(reached.length, 'gateway')}{' '}
        {reached.length === 1 ? 'refuses' : 'refuse'} its tokens.
      </p>
      <GatewayProgress
        gateways={reached.map(({ gateway, accepts }) => ({
          id: gateway.id,
          name: gateway.name,
          isDone: !accepts,
          text: `${accepts ? 'still accepts its tokens' : 'refuses its tokens'}${isSilent(gateway) ? `, and ${SILENT}` : ''}`
        }))}
      />
    </section>
  )
}
