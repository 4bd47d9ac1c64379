import { type ChainFault, faultOfOutside } from '@gatehouse/audit-chain/chain-fault'
import type { ChainPlace } from '@gatehouse/audit-chain/chain-record'
import {
  type ChainHead,
  HEAD_INTERVAL_MS,
  headDigest,
  type SignedHead
} from '@gatehouse/audit-chain/signed-head'
import { recordVerifier } from '@gatehouse/audit-chain/verify-records'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { faultsOfEnds } from './chain-ends.ts'
import { anchorOf, countOutside, newestHead, readChain, readRecords } from './chain-rows.ts'
import type { AuditChainTable } from './chain-tables.ts'
import type { HeadSigner } from './head-signer.ts'

/** After so many events, a head is signed earlier, so that no verification takes long. */
const MOST_EVENTS = 10_000
/** After this time, another instance may take over from one that was killed. */
const HOLD_MS = 60_000
const PAGE = 500

export type HeadOptions = {
  readonly db: Kysely<Tables>
  readonly signer: HeadSigner
  /** the issuer of the installation's access tokens */
  readonly issuer: string
  readonly clock: () => number
  /** records that were written later must not have been deleted; milliseconds since 1970 */
  readonly keptSinceMs: () => number
  /** is called after a head was signed, with the faults of the records since the previous head */
  readonly onSigned: (head: SignedHead, faults: readonly ChainFault[]) => void
}

/**
 * Signs the end of the chain: hourly, after a change of the signing key, and after many events. The
 * instance verifies the previous head and the records since, so that it never vouches for records
 * that were altered after they were chained.
 * @returns a function that signs a head if one is due
 */
export function signHeads(options: HeadOptions): () => Promise<SignedHead | null> {
  /** the newest head that this instance has signed or verified */
  let seen: SignedHead | null = null
  return async () => {
    const before = await headBefore(await newestHead(options.db), seen, options.signer)
    if (before.isGenuine) seen = before.head
    if (isDue(await readChain(options.db), before.head, options) && (await take(options))) {
      seen = (await signNext(options, before)) ?? seen
    }
    return seen
  }
}

/** The head that the next one follows. */
type HeadBefore = {
  readonly head: SignedHead | null
  /** the highest number of a head */
  readonly number: number
  /** false if the newest head in the database is not what was signed */
  readonly isGenuine: boolean
}

/**
 * A person who can write the database can remove heads, or put others in their place. A head that
 * this instance has seen counts more than the database, and another one must be signed.
 */
async function headBefore(
  newest: SignedHead | null,
  seen: SignedHead | null,
  signer: HeadSigner
): Promise<HeadBefore> {
  const [number, seenNumber] = [newest?.number ?? 0, seen?.number ?? 0]
  if (newest === null || number < seenNumber) {
    return { head: seen, number: seenNumber, isGenuine: true }
  }
  const isKnown = seen !== null && number === seenNumber
  const isGenuine = isKnown ? isSame(newest, seen) : await signer.hasSigned(newest)
  return { head: isGenuine ? newest : (seen ?? newest), number, isGenuine }
}

const isSame = (one: SignedHead, other: SignedHead): boolean =>
  one.jws === other.jws && headDigest(one) === headDigest(other)

function isDue(
  chain: AuditChainTable,
  before: SignedHead | null,
  { signer, clock }: HeadOptions
): boolean {
  if (before === null) return chain.seq > 0
  return (
    chain.seq - before.seq >= MOST_EVENTS ||
    // A head that is dated in the future is forged, and must not prevent others.
    Math.abs(clock() - Date.parse(before.at)) >= HEAD_INTERVAL_MS ||
    signer.key().kid !== before.kid
  )
}

/** One instance signs at a time. */
async function take({ db, clock }: HeadOptions): Promise<boolean> {
  const nowMs = clock()
  const row = await db
    .updateTable('audit_chain')
    .set({ signing_until_ms: nowMs + HOLD_MS })
    // No instance takes it for longer, so a later time is forged, and must not prevent heads.
    .where(({ or, eb }) =>
      or([eb('signing_until_ms', '<=', nowMs), eb('signing_until_ms', '>', nowMs + 2 * HOLD_MS)])
    )
    .returning('one')
    .executeTakeFirst()
  return row !== undefined
}

async function signNext(
  options: HeadOptions,
  { head: before, number, isGenuine }: HeadBefore
): Promise<SignedHead | null> {
  const { db, signer, issuer, clock, onSigned } = options
  try {
    const { place, faults: ofRecords } = await verifySince(options, before)
    const detail = `head ${number} is not what a published key of this service has signed`
    const forged = { fault: 'forged-head', seq: before?.seq ?? 0, detail } as const
    const faults = isGenuine ? ofRecords : [forged, ...ofRecords]
    const key = signer.key()
    const head: ChainHead = {
      ...place,
      number: number + 1,
      at: new Date(clock()).toISOString(),
      intact: faults.length === 0,
      issuer,
      previous: before === null ? '' : headDigest(before)
    }
    const signed = { ...head, kid: key.kid, jws: await signer.sign(head, key) }
    if (!(await insertHead(db, signed))) return null
    onSigned(signed, faults)
    return signed
  } finally {
    await db.updateTable('audit_chain').set({ signing_until_ms: 0 }).execute()
  }
}

/** Verifies the records since a head, and returns the place of the last one. */
async function verifySince(
  { db, keptSinceMs }: HeadOptions,
  before: SignedHead | null
): Promise<{ place: ChainPlace; faults: readonly ChainFault[] }> {
  const chain = await readChain(db)
  const ofEnds = before === null ? [] : faultsOfEnds(before, chain, keptSinceMs())
  const anchor = anchorOf(chain)
  const from = before !== null && before.seq > anchor.seq ? before : anchor
  const verifier = recordVerifier({ seq: from.seq, digest: from.digest })
  for (;;) {
    const after = verifier.place().seq
    const records = await readRecords(db, after, PAGE)
    for (const record of records) if (record.seq <= chain.seq) verifier.next(record)
    if (verifier.place().seq === after || verifier.place().seq >= chain.seq) break
  }
  verifier.end(chain.seq)
  const outside = faultOfOutside(await countOutside(db))
  return { place: verifier.place(), faults: [...ofEnds, ...outside, ...verifier.faults.described] }
}

/** False if another instance has signed a head with this number. */
async function insertHead(db: Kysely<Tables>, head: SignedHead): Promise<boolean> {
  const row = await db
    .insertInto('audit_heads')
    .values({
      number: head.number,
      seq: head.seq,
      digest: head.digest,
      at_ms: Date.parse(head.at),
      intact: head.intact ? 1 : 0,
      issuer: head.issuer,
      previous: head.previous,
      kid: head.kid,
      jws: head.jws
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('number')
    .executeTakeFirst()
  return row !== undefined
}
