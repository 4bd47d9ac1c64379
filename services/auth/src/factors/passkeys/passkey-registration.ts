import type { Account } from '../../accounts/account.ts'
import { challengeIn } from './client-data.ts'
import {
  CEREMONY_SECONDS,
  mintPasskeyChallenge,
  type OpenPasskeyChallenge,
  readPasskeyChallenge
} from './passkey-challenges.ts'
import type { PasskeyPorts } from './passkey-ports.ts'
import { passkeyInvalid, passkeysOff } from './passkey-refusals.ts'
import { descriptorOf, listPasskeys, PUBLIC_KEY, userHandleOf } from './passkey-store.ts'
import type { RelyingParty } from './relying-party.ts'
import { isUsableKey } from './usable-key.ts'
import { withoutStatement } from './without-statement.ts'

/** What `navigator.credentials.create()` returned, as JSON (WebAuthn L3 §5.1.7). */
export type PasskeyRegistration = {
  readonly id: string
  readonly response: {
    readonly clientDataJSON: string
    readonly attestationObject: string
    readonly transports?: readonly string[]
  }
}

/** A passkey that an authenticator has made for an account, and that is not stored yet. */
export type NewPasskey = {
  readonly challenge: OpenPasskeyChallenge
  /** base64url */
  readonly credentialId: string
  /** COSE_Key (RFC 9052 §7), in base64url */
  readonly publicKey: string
  readonly counter: number
  readonly transports: readonly string[]
  /** the model of the authenticator, as it says; zeros: it does not say */
  readonly aaguid: string
  /** whether it can be copied to other devices of its user */
  readonly backupEligible: boolean
  readonly backedUp: boolean
}

/** EdDSA, ES256 and RS256: one of them is in every authenticator (COSE algorithms). */
const ALGORITHMS = [-8, -7, -257]
/** WebAuthn §7.1, step 25 */
const LONGEST_CREDENTIAL_ID = 1023

/** @param within the session, or the digest of the login challenge, that adds the passkey */
const enrolment = (subject: string, within: string) =>
  ({ purpose: 'enrol', subject, within }) as const

/**
 * The options of `navigator.credentials.create()`: a discoverable passkey whose user is verified,
 * so that each passkey can be a second factor and open a session alone. No attestation: it would
 * identify the device, and the system trusts no vendor.
 * @throws Refusal FORBIDDEN if passkeys are turned off
 */
export async function registrationOptions(
  { db, ring, passkeys, issuer, clock }: PasskeyPorts,
  { id, email }: Pick<Account, 'id' | 'email'>,
  within: string
) {
  const { party } = passkeys
  if (party === null || passkeys.mode === 'off') throw passkeysOff()
  const challenge = mintPasskeyChallenge(enrolment(id, within), ring, clock())
  return {
    rp: { id: party.id, name: issuer },
    user: { id: userHandleOf(id), name: email, displayName: email },
    challenge: challenge.toString('base64url'),
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: PUBLIC_KEY, alg })),
    timeout: CEREMONY_SECONDS * 1000,
    excludeCredentials: (await listPasskeys(db, id)).map(descriptorOf),
    authenticatorSelection: {
      residentKey: 'required',
      requireResidentKey: true,
      userVerification: 'required'
    },
    attestation: 'none'
  } as const
}

/**
 * Verifies what an authenticator has made (WebAuthn §7.1). Stores nothing.
 * @throws Refusal INVALID_REQUEST, the same for every flaw
 */
export async function verifyRegistration(
  { ring, passkeys, clock }: PasskeyPorts,
  given: PasskeyRegistration,
  { subject, within }: { readonly subject: string; readonly within: string }
): Promise<NewPasskey> {
  const { party } = passkeys
  if (party === null || passkeys.mode === 'off') throw passkeysOff()
  const text = challengeIn(given.response.clientDataJSON) ?? ''
  const challenge = readPasskeyChallenge(text, enrolment(subject, within), ring, clock())
  if (challenge === null) throw passkeyInvalid('the challenge is not of this ceremony')
  const seen = await registered(given, text, party)
  if (seen === null) throw passkeyInvalid('the registration is not valid')
  return { ...seen, challenge }
}

/** Null: it is not valid. */
async function registered(
  given: PasskeyRegistration,
  challenge: string,
  party: RelyingParty
): Promise<Omit<NewPasskey, 'challenge'> | null> {
  const verified = await verify(given, challenge, party).catch(() => null)
  if (!verified?.verified) return null
  const { credential, aaguid, credentialDeviceType, credentialBackedUp } = verified.registrationInfo
  const idBytes = Buffer.from(credential.id, 'base64url').length
  if (idBytes === 0 || idBytes > LONGEST_CREDENTIAL_ID) return null
  if (!(await isUsableKey(credential.publicKey))) return null
  return {
    credentialId: credential.id,
    publicKey: Buffer.from(credential.publicKey).toString('base64url'),
    counter: credential.counter,
    transports: given.response.transports ?? [],
    aaguid,
    backupEligible: credentialDeviceType === 'multiDevice',
    backedUp: credentialBackedUp
  }
}

/** @throws Error for each flaw */
async function verify(
  { id, response }: PasskeyRegistration,
  challenge: string,
  party: RelyingParty
) {
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
  const { clientDataJSON } = response
  const attestationObject = await withoutStatement(response.attestationObject)
  return await verifyRegistrationResponse({
    response: {
      id,
      rawId: id,
      type: PUBLIC_KEY,
      clientExtensionResults: {},
      response: { clientDataJSON, attestationObject }
    },
    expectedChallenge: challenge,
    expectedOrigin: [...party.origins],
    expectedRPID: party.id,
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS
  })
}
