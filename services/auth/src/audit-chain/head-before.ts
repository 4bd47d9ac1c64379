import { headDigest, type SignedHead } from '@gatehouse/audit-chain/signed-head'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { newestHeads } from './chain-rows.ts'
import type { HeadSigner } from './head-signer.ts'

/** The head that the next one follows. */
export type HeadBefore = {
  readonly head: SignedHead | null
  /** the next head has a higher number */
  readonly number: number
  /** false if the newest head in the database is not what was signed */
  readonly isGenuine: boolean
}

/** A head whose number is further ahead than this has not been signed by any instance. */
const MOST_AHEAD = 1_000_000
/** how many heads that nobody has signed are passed over, in search of one that is signed */
const MOST_FORGED = 1000

/**
 * A person who can write the database can remove heads, or put others in their place. A head that
 * this instance has seen counts more than the database, and another one must be signed. No such
 * number can use up the numbers.
 * @param seen the newest head that this instance has signed or verified
 */
export async function headBefore(
  db: Kysely<Tables>,
  seen: SignedHead | null,
  signer: HeadSigner
): Promise<HeadBefore> {
  const [newest] = await newestHeads(db, { limit: 1 })
  const seenNumber = seen?.number ?? 0
  if (newest === undefined || newest.number < seenNumber) {
    return { head: seen, number: seenNumber, isGenuine: true }
  }
  const isKnown = seen !== null && newest.number === seenNumber
  if (isKnown ? isSame(newest, seen) : await signer.hasSigned(newest)) {
    return { head: newest, number: newest.number, isGenuine: true }
  }
  const known = seen ?? (await newestSigned(db, signer))
  const knownNumber = known?.number ?? 0
  const [near] = await newestHeads(db, { limit: 1, upTo: knownNumber + MOST_AHEAD })
  const number = Math.max(knownNumber, near?.number ?? 0)
  return { head: known ?? near ?? null, number, isGenuine: false }
}

const isSame = (one: SignedHead, other: SignedHead): boolean =>
  one.jws === other.jws && headDigest(one) === headDigest(other)

/** The newest head that a published key has signed. */
async function newestSigned(db: Kysely<Tables>, signer: HeadSigner): Promise<SignedHead | null> {
  for (const head of await newestHeads(db, { limit: MOST_FORGED })) {
    if (await signer.hasSigned(head)) return head
  }
  return null
}
