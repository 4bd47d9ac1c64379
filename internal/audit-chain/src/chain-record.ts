import { createHash, randomBytes } from 'node:crypto'

/** A place in the chain: the number of a record, and its digest. */
export type ChainPlace = {
  /** 0: before the first record */
  readonly seq: number
  /** base64url; empty before the first record */
  readonly digest: string
}

/** What an event says. */
export type ChainContent = {
  /** ISO 8601, in UTC */
  readonly at: string
  readonly kind: string
  readonly user: string | null
  readonly session: string | null
  readonly requestId: string
  /** the name of the operator who caused it */
  readonly operator: string | null
  readonly detail: Readonly<Record<string, unknown>>
}

/** An event of the audit log with its place in the chain, as exports have it. */
export type ChainRecord = ChainPlace &
  ChainContent & {
    /** the address of the client, or a word in its place; empty if it was erased */
    readonly address: string
    /** null if the address was erased */
    readonly addressSalt: string | null
    /** of the salt and the address; base64url */
    readonly addressDigest: string
  }

/** Distinguishes these digests from all others, and this encoding from later ones. */
const RECORD = 'gatehouse-audit-record-1'
const ADDRESS = 'gatehouse-audit-address-1'

const SALT_BYTES = 16

/**
 * The digest of a record: of the one before it, and of everything that the record says except its
 * address, which has a digest of its own.
 * @param previous the digest of the previous record
 */
export const recordDigest = (
  previous: string,
  record: ChainContent & Pick<ChainRecord, 'seq' | 'addressDigest'>
): string =>
  digestOf([
    RECORD,
    record.seq,
    previous,
    record.at,
    record.kind,
    record.user,
    record.session,
    record.addressDigest,
    record.requestId,
    record.operator,
    record.detail
  ])

/**
 * The digest that stands for an address. The address of a deleted user is erased together with the
 * salt. Without the salt, the address cannot be found by trying all addresses.
 */
export const addressDigest = (salt: string, address: string): string =>
  digestOf([ADDRESS, salt, address])

export const newAddressSalt = (): string => randomBytes(SALT_BYTES).toString('base64url')

/** SHA-256 over JSON, in base64url. JSON.stringify escapes and orders as RFC 8785 for these. */
const digestOf = (members: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(members)).digest('base64url')
