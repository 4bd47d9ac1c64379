import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { ASSERTION_ALGORITHM } from '@gatehouse/edge-headers/assertion'
import { type Fleet, HEARTBEAT_MS, type Heartbeat } from '@gatehouse/fleet/fleet'
import { calculateJwkThumbprint, type JWK } from 'jose'

/** A gateway's place among the others. */
export type Membership = {
  /**
   * The keys that assertions of all live gateways are verified with: its own, and those of the others as they are now. One that
   * has just started serves at once, so an older answer would have services refuse its callers.
   */
  assertionKeys(): Promise<readonly JWK[]>
  /** Tells the others at once, and not only at the next beat. */
  announce(): Promise<void>
  /** Leaves: the others need not wait for it any more. */
  close(): Promise<void>
}

export type MembershipOptions = {
  readonly fleet: Fleet
  readonly ownKey: JWK
  readonly heartbeat: () => Heartbeat
  readonly onFault: (error: unknown) => void
  readonly intervalMs?: number
}

/**
 * Says again and again that this gateway is live and what it holds, and hears it of the others. Each has a private key of its own,
 * and all publish all public ones: a service that asks one gateway can verify what any of them has signed.
 */
export async function joinFleet(options: MembershipOptions): Promise<Membership> {
  const { fleet, ownKey, heartbeat, onFault, intervalMs = HEARTBEAT_MS } = options
  let peers: readonly JWK[] = []
  let inTouch = true

  const hear = async (): Promise<void> => {
    const live = await fleet.live()
    const others = live.filter(({ id }) => id !== heartbeat().id)
    peers = (await Promise.all(others.map(peerKey))).filter((key) => key !== null)
  }
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
      inTouch = true
    } catch (error) {
      // An outage is told of once, not at every attempt.
      if (inTouch) onFault(error)
      inTouch = false
    }
  }
  const beat = () =>
    attempt(async () => {
      await fleet.announce(heartbeat())
      await hear()
    })
  let hearing: Promise<void> | null = null
  await beat()
  const beating = setInterval(() => void beat(), intervalMs).unref()
  return {
    async assertionKeys() {
      // Whoever asks meanwhile may have come too late for it, and asks once more where a key is missing.
      hearing ??= attempt(hear).finally(() => {
        hearing = null
      })
      await hearing
      return [ownKey, ...peers]
    },
    announce: beat,
    async close() {
      clearInterval(beating)
      await fleet.leave(heartbeat().id).catch(onFault)
    }
  }
}

/** Another gateway's key, built anew from its public parts: whatever stands beside them is not passed on. */
async function peerKey({ assertionJwk }: Heartbeat): Promise<JWK | null> {
  try {
    const { kty, crv, x, y } = JSON.parse(assertionJwk) as JsonWebKey
    if (kty !== 'EC' || crv !== 'P-256') return null
    const jwk = createPublicKey({ key: { kty, crv, x, y } as JsonWebKey, format: 'jwk' }).export({
      format: 'jwk'
    }) as JWK
    return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: ASSERTION_ALGORITHM, use: 'sig' }
  } catch {
    return null
  }
}
