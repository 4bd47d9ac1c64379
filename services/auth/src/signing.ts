import type { Fleet } from '@gatehouse/fleet/fleet'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import type { Job } from './background-work.ts'
import type { AuthConfig } from './config.ts'
import { gatewayAcknowledgement } from './keys/gateway-acknowledgement.ts'
import { keyAnnouncements } from './keys/key-announcements.ts'
import { type KeyOperations, keyOperations } from './keys/key-operations.ts'
import type { KeySetStore } from './keys/key-set-store.ts'
import { type LiveSigningKeys, liveSigningKeys } from './keys/live-signing-keys.ts'
import type { SigningKeyStore } from './keys/signing-key-store.ts'
import { tendKeys } from './keys/tend-keys.ts'
import type { RevocationWriter } from './revocations/revocation-log.ts'
import { tokenSigners } from './token-signers.ts'
import type { Sign } from './tokens/access-token.ts'

const DAY_SECONDS = 86_400

/** Signing in this process, and its keys. */
export type Signing = {
  readonly live: LiveSigningKeys
  readonly sign: Sign
  readonly operations: KeyOperations
  /** what keeps the keys up to date, for the background work of this process */
  readonly jobs: readonly Job[]
  /** From now on, no operation waits for gateways. Called before requests are drained. */
  hurry(): void
  close(): Promise<void>
}

export async function startSigning(
  config: AuthConfig,
  needs: {
    store: SigningKeyStore
    keySet: KeySetStore
    revocations: RevocationWriter
    fleet: Fleet
    log: ServiceLog
    clock: () => number
  }
): Promise<Signing> {
  const { store, keySet, revocations, fleet, log, clock } = needs
  const lifetimeSeconds = config.AUTH_ACCESS_TTL_SECONDS
  const signers = tokenSigners()
  const draining = new AbortController()
  const onFault = (err: unknown) => log.warn({ err }, 'key maintenance failed')

  const live = await liveSigningKeys({
    store,
    prepare: signers.prepare,
    lifetimeSeconds,
    clock
  })
  const announcements = keyAnnouncements({ store, keySet, revocations, lifetimeSeconds, clock })
  const operations = keyOperations({
    store,
    live,
    announcements,
    lifetimeSeconds,
    clock,
    onFault,
    gateways: gatewayAcknowledgement({ fleet, clock, signal: draining.signal }),
    algorithm: config.AUTH_SIGNING_ALGORITHM
  })
  const tending = tendKeys({
    operations,
    announcements,
    keySet,
    lifetimeSeconds,
    clock,
    rotationSeconds: config.AUTH_KEY_ROTATION_DAYS * DAY_SECONDS
  })
  return {
    live,
    sign: signers.sign,
    operations,
    jobs: [
      { name: 'read the signing keys', run: live.read },
      { name: 'tend the signing keys', run: tending.tend }
    ],
    hurry: () => draining.abort(),
    close: live.close
  }
}
