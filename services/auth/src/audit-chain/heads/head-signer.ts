import type { DueRecords } from '@gatehouse/audit-chain/due-records'
import {
  type ChainHead,
  HEAD_TYPE,
  headPayload,
  type SignedHead
} from '@gatehouse/audit-chain/signed-head'
import { isSigned } from '@gatehouse/audit-chain/verify-heads'
import { FlattenedSign, importPKCS8 } from 'jose'
import type { LiveSigningKeys } from '../../keys/live-signing-keys.ts'
import type { SigningKey } from '../../keys/signing-key.ts'

export type HeadSigner = {
  /**
   * The key that signs now: the active signing key of access tokens.
   * @throws Refusal UNAVAILABLE if it is not known
   */
  key(): SigningKey
  /**
   * Signs a head, and which records are due for deletion. Returns a JWS with a detached payload
   * (RFC 7515, appendix F).
   */
  sign(head: ChainHead, due: DueRecords, key: SigningKey): Promise<string>
  /** Whether a published signing key has signed a head. */
  hasSigned(head: SignedHead): Promise<boolean>
}

/** The keys that the signer needs. */
export type HeadKeys = Pick<LiveSigningKeys, 'active' | 'held' | 'read'>

export const headSigner = (keys: HeadKeys): HeadSigner => ({
  key: () => keys.active(),
  async sign(head, { seq, digest, since }, { algorithm, kid, privatePem }) {
    const privateKey = await importPKCS8(privatePem, algorithm)
    const jws = await new FlattenedSign(Buffer.from(headPayload(head)))
      .setProtectedHeader({ alg: algorithm, kid, typ: HEAD_TYPE, due: { seq, digest, since } })
      .sign(privateKey)
    return `${jws.protected}..${jws.signature}`
  },
  async hasSigned(head) {
    const ofHead = (held: readonly SigningKey[]) => held.find(({ kid }) => kid === head.kid)
    // Another instance may have created the key since.
    const key = ofHead(keys.held()) ?? ofHead(await keys.read())
    return await isSigned(head, key?.publicJwk)
  }
})
