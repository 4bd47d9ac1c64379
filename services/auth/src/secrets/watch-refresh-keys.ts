import { createHmac } from 'node:crypto'
import { compareMarks, type MarkPorts } from '../redis/compare-marks.ts'
import type { KeyRing, RefreshKey } from './key-ring.ts'

const DIFFERS =
  'AUTH_REFRESH_KEYS: another auth service has a different secret for this key id, so each refuses the refresh tokens of the other'
const MISSING =
  'AUTH_REFRESH_KEYS: another auth service issues refresh tokens with this key, which is not listed here; refreshes with them get 401 here, and a logout does not end their session'

/**
 * Compares the ring with the newest keys of the other auth services, and logs an error once for
 * each that does not fit: nothing else shows why clients lose their sessions.
 */
export function watchRefreshKeys(
  ring: KeyRing,
  ports: MarkPorts,
  monotonicClock?: () => number
): void {
  const own = markOf(ring.newest)
  const onOther = (mark: string): void => {
    const id = Number(mark.split(':')[0])
    const known = ring.find(id)
    if (known !== null && markOf(known) === mark) return
    ports.log.error({ refreshKey: id }, known === null ? MISSING : DIFFERS)
  }
  compareMarks(ports, { name: 'refresh-keys', own: async () => own, onOther }, monotonicClock)
}

/** The fingerprint says nothing about the secret, which has 256 random bits or more. */
function markOf({ id, secret }: RefreshKey): string {
  const fingerprint = createHmac('sha256', secret)
    .update('gatehouse refresh key')
    .digest('base64url')
  return `${id}:${fingerprint.slice(0, 16)}`
}
