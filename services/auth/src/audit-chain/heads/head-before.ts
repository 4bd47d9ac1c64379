import { headDigest, type SignedHead } from '@gatehouse/audit-chain/signed-head'
import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import { newestHeads, readHeads } from '../chain-rows.ts'
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
/** how many heads other instances can have signed since: those of 40 days */
const MOST_UNSEEN = 1000

/**
 * A person who can write the database can remove heads, or put others in their place. A head that
 * this instance has seen counts more than the database, and another one must be signed and follow
 * it: an instance that started later signs whatever the database then has. No such number can use
 * up the numbers.
 * @param seen the newest head that this instance has signed or verified
 * @param keptSinceMs earlier heads may have been deleted; milliseconds since 1970
 */
export async function headBefore(
  db: Kysely<Tables>,
  seen: SignedHead | null,
  signer: HeadSigner,
  keptSinceMs: number
): Promise<HeadBefore> {
  const [newest] = await newestHeads(db, { limit: 1 })
  const seenNumber = seen?.number ?? 0
  if (newest === undefined || newest.number < seenNumber) {
    return { head: seen, number: seenNumber, isGenuine: true }
  }
  const isKnown = seen !== null && newest.number === seenNumber
  const isGenuine = isKnown
    ? isSame(newest, seen)
    : (await signer.hasSigned(newest)) && (await follows(db, newest, seen, signer, keptSinceMs))
  if (isGenuine) {
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

/**
 * Whether each head since the one that was seen names the one before. A head that is not intact
 * begins anew: whoever signed it has reported what was wrong.
 */
async function follows(
  db: Kysely<Tables>,
  newest: SignedHead,
  seen: SignedHead | null,
  signer: HeadSigner,
  keptSinceMs: number
): Promise<boolean> {
  if (seen === null || Date.parse(seen.at) < keptSinceMs) return true
  let before = seen
  for (const head of await readHeads(db, seen.number, MOST_UNSEEN)) {
    const isNext = head.previous === headDigest(before)
    if (!isNext && (head.intact || !(await signer.hasSigned(head)))) return false
    before = head
    if (head.number === newest.number) break
  }
  return isSame(before, newest)
}

/** The newest head that a published key has signed. */
async function newestSigned(db: Kysely<Tables>, signer: HeadSigner): Promise<SignedHead | null> {
  for (const head of await newestHeads(db, { limit: MOST_FORGED })) {
    if (await signer.hasSigned(head)) return head
  }
  return null
}
