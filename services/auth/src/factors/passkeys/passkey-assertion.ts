import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import { BY_DEVICE_KEY, BY_SYNCED_KEY } from '../../sessions/authentication.ts'
import { challengeIn } from './client-data.ts'
import {
  CEREMONY_SECONDS,
  type Ceremony,
  isPasskeyChallengeUsed,
  mintPasskeyChallenge,
  readPasskeyChallenge,
  usePasskeyChallenge
} from './passkey-challenges.ts'
import type { PasskeyPorts } from './passkey-ports.ts'
import {
  descriptorOf,
  notePasskeyUse,
  type PasskeyRow,
  PUBLIC_KEY,
  userHandleOf
} from './passkey-store.ts'
import type { RelyingParty } from './relying-party.ts'

/** What `navigator.credentials.get()` returned, as JSON (WebAuthn L3 §5.1.7). */
export type PasskeyAssertion = {
  readonly id: string
  readonly response: {
    readonly clientDataJSON: string
    readonly authenticatorData: string
    readonly signature: string
    readonly userHandle?: string | null
  }
}

/** The options of `navigator.credentials.get()`. */
export type PasskeyRequest = {
  readonly challenge: string
  readonly timeout: number
  readonly rpId: string
  readonly allowCredentials: ReturnType<typeof descriptorOf>[]
  readonly userVerification: 'preferred' | 'required'
}

/** Whether the passkey alone must prove its user. After the password, its possession is enough. */
const isAlone = ({ purpose }: Ceremony): boolean => purpose === 'login'

/**
 * Asks for a passkey.
 * @param allowed the passkeys of the account; empty: any that the browser finds
 * @returns null if passkeys are turned off
 */
export function requestOptions(
  { ring, passkeys, clock }: Omit<PasskeyPorts, 'db' | 'issuer'>,
  ceremony: Ceremony,
  allowed: readonly PasskeyRow[]
): PasskeyRequest | null {
  if (passkeys.party === null) return null
  return {
    challenge: mintPasskeyChallenge(ceremony, ring, clock()).toString('base64url'),
    timeout: CEREMONY_SECONDS * 1000,
    rpId: passkeys.party.id,
    allowCredentials: allowed.map(descriptorOf),
    userVerification: isAlone(ceremony) ? 'required' : 'preferred'
  }
}

/** A valid assertion that is not used yet. */
export type RightAssertion = {
  /** the methods that it proves (RFC 8176) */
  readonly amr: readonly string[]
  /**
   * Uses it, in the transaction that relies on it.
   * @param passwordVersion as `PasskeyUse` has it
   * @returns false if another request was first
   */
  use(transaction: Kysely<Tables>, nowMs: number, passwordVersion: number | null): Promise<boolean>
}

/**
 * Verifies an assertion (WebAuthn §7.2). Uses nothing up.
 * @returns null if it is wrong; `regressed` if its signature is right, but its counter is not
 * higher   than that of an earlier one: there may be a copy of the key (§6.1.1)
 */
export async function verifyAssertion(
  ports: Omit<PasskeyPorts, 'issuer'>,
  passkey: PasskeyRow,
  assertion: PasskeyAssertion,
  ceremony: Ceremony
): Promise<RightAssertion | 'regressed' | null> {
  const { ring, passkeys, clock } = ports
  const text = challengeIn(assertion.response.clientDataJSON) ?? ''
  const challenge = readPasskeyChallenge(text, ceremony, ring, clock())
  if (challenge === null || passkeys.party === null) return null
  if (!isOfOwner(assertion, passkey, isAlone(ceremony))) return null
  const seen = await verified(assertion, passkey, {
    challenge: text,
    party: passkeys.party,
    requireUserVerification: isAlone(ceremony)
  })
  if (seen === null) return null
  const isEligible = seen.credentialDeviceType === 'multiDevice'
  // The eligibility never changes (§6.1.3): another value comes from another authenticator.
  if (isEligible !== (passkey.backup_eligible === 1)) return null
  const { newCounter: counter, credentialBackedUp: backedUp } = seen
  const counts = counter > 0 || passkey.counter > 0
  if (counts && counter <= passkey.counter) {
    // A client that got no response and sends its answer again does not have a copy of the key.
    return (await isPasskeyChallengeUsed(ports.db, challenge)) ? null : 'regressed'
  }
  return {
    amr: isEligible ? BY_SYNCED_KEY : BY_DEVICE_KEY,
    async use(transaction, nowMs, passwordVersion) {
      const use = { id: passkey.id, counter, backedUp, passwordVersion }
      return (
        (await usePasskeyChallenge(transaction, challenge)) &&
        (await notePasskeyUse(transaction, use, nowMs))
      )
    }
  }
}

/**
 * An authenticator states the account of a discoverable passkey (the user handle). At a login
 * without a password, nothing else does, so it must be there.
 */
function isOfOwner(
  { id, response }: PasskeyAssertion,
  passkey: PasskeyRow,
  mustSay: boolean
): boolean {
  const { userHandle = null } = response
  if (id !== passkey.credential_id) return false
  return userHandle === null ? !mustSay : userHandle === userHandleOf(passkey.subject)
}

type Expected = {
  readonly challenge: string
  readonly party: RelyingParty
  readonly requireUserVerification: boolean
}

/** Null: it is not valid. The library throws for each flaw. */
async function verified(
  { id, response }: PasskeyAssertion,
  passkey: PasskeyRow,
  { challenge, party, requireUserVerification }: Expected
) {
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
  const { clientDataJSON, authenticatorData, signature } = response
  const result = await verifyAuthenticationResponse({
    response: {
      id,
      rawId: id,
      type: PUBLIC_KEY,
      clientExtensionResults: {},
      response: { clientDataJSON, authenticatorData, signature }
    },
    expectedChallenge: challenge,
    expectedOrigin: [...party.origins],
    expectedRPID: party.id,
    // 0: the library would compare the counter before the signature. We compare it afterwards.
    credential: {
      id: passkey.credential_id,
      publicKey: Uint8Array.from(Buffer.from(passkey.public_key, 'base64url')),
      counter: 0
    },
    requireUserVerification
  }).catch(() => null)
  return result?.verified === true ? result.authenticationInfo : null
}
