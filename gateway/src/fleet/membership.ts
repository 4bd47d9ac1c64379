import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { ASSERTION_ALGORITHM } from '@gatehouse/edge-headers/assertion'
import { type Fleet, HEARTBEAT_MS, type Heartbeat } from '@gatehouse/fleet/fleet'
import { calculateJwkThumbprint, type JWK } from 'jose'

/** A gateway's place among the others. */
export type Membership = {
  /**
   * The keys that assertions of all gateways are verified with: its own, and those of the others as they are now. One that has just
   * started serves at once, so an older answer would have services refuse its callers.
   */
  assertionKeys(): Promise<AssertionKeySet>
  /** Tells the others at once, and not only at the next beat. */
  announce(): Promise<void>
  /** Leaves: the others need not wait for it any more. */
  close(): Promise<void>
}

/** A key set (RFC 7517 §5) with a member of ours. */
export type AssertionKeySet = {
  readonly keys: readonly JWK[]
  /** false: this gateway does not hear the others just now, and a key that is not here may be that of one of them */
  readonly complete: boolean
}

export type MembershipOptions = {
  readonly fleet: Fleet
  readonly ownKey: JWK
  readonly heartbeat: () => Heartbeat
  readonly onFault: (error: unknown) => void
  readonly intervalMs?: number
  /** in milliseconds, never set back */
  readonly monotonicClock?: () => number
}

/**
 * A key that the store no longer has is published for so long. A store that has lost its data gets the keys again from their
 * gateways, each as soon as it is connected.
 */
const LOST_KEY_MS = 30_000

/**
 * Says again and again that this gateway is live and what it holds, and hears it of the others. Each has a private key of its own,
 * and all publish all public ones: a service that asks one gateway can verify what any of them has signed.
 */
export async function joinFleet(options: MembershipOptions): Promise<Membership> {
  const { fleet, ownKey, heartbeat, onFault, intervalMs = HEARTBEAT_MS } = options
  const { monotonicClock = () => performance.now() } = options
  /** the keys of the others as they announced them, and since when the store has them no longer */
  const peers = new Map<string, { readonly key: JWK | null; lostMs: number | null }>()
  let inTouch = true
  let announced = false

  const hear = async (): Promise<void> => {
    const texts = new Set(await fleet.assertionJwks())
    for (const [text, peer] of peers) {
      peer.lostMs = texts.has(text) ? null : (peer.lostMs ?? monotonicClock())
      if (peer.lostMs !== null && monotonicClock() - peer.lostMs > LOST_KEY_MS) peers.delete(text)
    }
    for (const text of texts) {
      if (!peers.has(text)) peers.set(text, { key: await peerKey(text), lostMs: null })
    }
  }
  const attempt = async (work: () => Promise<void>): Promise<boolean> => {
    try {
      await work()
      inTouch = true
    } catch (error) {
      // An outage is told of once, not at every attempt.
      if (inTouch) onFault(error)
      inTouch = false
    }
    return inTouch
  }
  const beat = async (): Promise<void> => {
    // A replica can be read and takes no announcement: what it says of the others may be old.
    announced = await attempt(() => fleet.announce(heartbeat()))
    if (announced) await attempt(hear)
  }
  let hearing: Promise<boolean> | null = null
  await beat()
  const beating = setInterval(() => void beat(), intervalMs).unref()
  return {
    async assertionKeys() {
      // Whoever asks meanwhile may have come too late for it, and asks once more where a key is missing.
      hearing ??= attempt(hear).finally(() => {
        hearing = null
      })
      const heard = await hearing
      const others = [...peers.values()].flatMap(({ key }) => key ?? [])
      const keys = [ownKey, ...others.filter(({ kid }) => kid !== ownKey.kid)]
      return { keys, complete: heard && announced }
    },
    announce: beat,
    async close() {
      clearInterval(beating)
      await fleet.leave(heartbeat().id).catch(onFault)
    }
  }
}

/** Another gateway's key, built anew from its public parts: whatever stands beside them is not passed on. */
async function peerKey(text: string): Promise<JWK | null> {
  try {
    const { kty, crv, x, y } = JSON.parse(text) as JsonWebKey
    if (kty !== 'EC' || crv !== 'P-256') return null
    const jwk = createPublicKey({ key: { kty, crv, x, y } as JsonWebKey, format: 'jwk' }).export({
      format: 'jwk'
    }) as JWK
    return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: ASSERTION_ALGORITHM, use: 'sig' }
  } catch {
    return null
  }
}
