import { createHash } from 'node:crypto'
import type { ChainPlace } from './chain-record.ts'

/** A statement of the auth service: the chain had this record last. */
export type ChainHead = ChainPlace & {
  /** 1 and up, without gaps */
  readonly number: number
  /** when it was signed; ISO 8601, in UTC */
  readonly at: string
  /** whether the records since the previous head were without faults */
  readonly intact: boolean
  /** the issuer of the installation's access tokens */
  readonly issuer: string
  /** the digest of the payload of the previous head; empty for the first one */
  readonly previous: string
}

/** A head with its signature: a JWS whose payload is detached (RFC 7515, appendix F). */
export type SignedHead = ChainHead & {
  readonly kid: string
  /** the protected header and the signature, as `header..signature` */
  readonly jws: string
}

/** While an auth service runs, a head is signed at least this often. */
export const HEAD_INTERVAL_MS = 3_600_000

/** The `typ` of a head's JWS, so that no head can pass for a token. */
export const HEAD_TYPE = 'gatehouse-audit-head+jws'

const HEAD = 'gatehouse-audit-head-1'

/** The payload that is signed. */
export const headPayload = ({ number, seq, digest, at, intact, issuer, previous }: ChainHead) =>
  JSON.stringify([HEAD, issuer, number, seq, digest, at, intact, previous])

export const headDigest = (head: ChainHead): string =>
  createHash('sha256').update(headPayload(head)).digest('base64url')
