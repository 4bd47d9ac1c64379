import type { Fleet } from '@gatehouse/fleet/fleet'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import type { AuthConfig } from './config.ts'
import { gatewayAcknowledgement } from './keys/gateway-acknowledgement.ts'
import { keepKeys } from './keys/keep-keys.ts'
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
    /** other work that may have been left undone */
    due: readonly (() => Promise<unknown>)[]
    fleet: Fleet
    log: ServiceLog
    clock: () => number
  }
): Promise<Signing> {
  const { store, keySet, revocations, due, fleet, log, clock } = needs
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
  const keeping = keepKeys({ live, due: [tending.tend, ...due], onFault })
  return {
    live,
    sign: signers.sign,
    operations,
    hurry: () => draining.abort(),
    async close() {
      await keeping.close()
      await live.close()
    }
  }
}
