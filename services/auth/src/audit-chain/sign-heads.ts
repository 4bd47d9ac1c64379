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
import { anchorOf, countOutside, readChain, readRecords } from './chain-rows.ts'
import type { AuditChainTable } from './chain-tables.ts'
import { type HeadBefore, headBefore } from './head-before.ts'
import type { HeadSigner } from './head-signer.ts'

/** After so many events, a head is signed earlier, so that no verification takes long. */
const MOST_EVENTS = 10_000
/** After this time, another instance may take over from one that was killed. */
const HOLD_MS = 60_000
const PAGE = 500
/** After so many pages, which take less than the time above, the instance still verifies. */
const PAGES_PER_HOLD = 100

export type HeadOptions = {
  readonly db: Kysely<Tables>
  readonly signer: HeadSigner
  /** the issuer of the installation's access tokens */
  readonly issuer: string
  /**
   * The time of the database, in milliseconds since 1970: instances whose clocks differ agree on
   * when a head is due.
   */
  readonly now: () => Promise<number>
  /** records that were written later must not have been deleted; milliseconds since 1970 */
  readonly keptSinceMs: () => number
  /** is called after a head was signed, with the faults of the records since the previous head */
  readonly onSigned: (head: SignedHead, faults: readonly ChainFault[]) => void
}

/**
 * Signs the end of the chain: hourly, after a change of the signing key, and after many events. The
 * instance verifies the previous head and the records since, so that it never vouches for records
 * that were altered after they were chained.
 * @returns a function that signs a head if one is due. `isWhole`: whether all events are chained. A
 * head is not signed before that: whatever is chained after it must be younger
 */
export function signHeads(options: HeadOptions): (isWhole?: boolean) => Promise<SignedHead | null> {
  const { db, signer } = options
  /** the newest head that this instance has signed or verified */
  let seen: SignedHead | null = null
  return async (isWhole = true) => {
    const before = await headBefore(db, seen, signer, options.keptSinceMs())
    if (before.isGenuine) seen = before.head
    if (!isWhole) return seen
    const nowMs = await options.now()
    const isNow = isDue(await readChain(db), before.head, signer, nowMs)
    if (isNow && (await take(db, nowMs))) seen = (await signNext(options, before)) ?? seen
    return seen
  }
}

function isDue(
  chain: AuditChainTable,
  before: SignedHead | null,
  signer: HeadSigner,
  nowMs: number
): boolean {
  if (before === null) return chain.seq > 0
  return (
    chain.seq - before.seq >= MOST_EVENTS ||
    // A head that has no time, or one in the future, is forged, and must not prevent others.
    !(Math.abs(nowMs - Date.parse(before.at)) < HEAD_INTERVAL_MS) ||
    signer.key().kid !== before.kid
  )
}

/** One instance signs at a time. */
async function take(db: Kysely<Tables>, nowMs: number): Promise<boolean> {
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

async function hold(db: Kysely<Tables>, untilMs: number): Promise<void> {
  await db.updateTable('audit_chain').set({ signing_until_ms: untilMs }).execute()
}

async function signNext(
  options: HeadOptions,
  { head: before, number, isGenuine }: HeadBefore
): Promise<SignedHead | null> {
  const { db, signer, issuer, now, onSigned } = options
  try {
    const { place, faults: ofRecords } = await verifySince(options, before)
    const detail = `the newest head is not what a published key of this service has signed, or does not follow the one before it`
    const forged = { fault: 'forged-head', seq: before?.seq ?? 0, detail } as const
    const faults = isGenuine ? ofRecords : [forged, ...ofRecords]
    const key = signer.key()
    const head: ChainHead = {
      ...place,
      number: number + 1,
      at: new Date(await now()).toISOString(),
      intact: faults.length === 0,
      issuer,
      previous: before === null ? '' : headDigest(before)
    }
    const signed = { ...head, kid: key.kid, jws: await signer.sign(head, key) }
    if (!(await insertHead(db, signed))) return null
    onSigned(signed, faults)
    return signed
  } finally {
    await hold(db, 0)
  }
}

/** Verifies the records since a head, and returns the place of the last one. */
async function verifySince(
  { db, now, keptSinceMs }: HeadOptions,
  before: SignedHead | null
): Promise<{ place: ChainPlace; faults: readonly ChainFault[] }> {
  const chain = await readChain(db)
  const ofEnds = before === null ? [] : faultsOfEnds(before, chain, keptSinceMs())
  const anchor = anchorOf(chain)
  const from = before !== null && before.seq > anchor.seq ? before : anchor
  const heads = before === null ? [] : [notAhead(before, await now())]
  const verifier = recordVerifier({ seq: from.seq, digest: from.digest }, heads)
  for (let page = 1; ; page += 1) {
    const after = verifier.place().seq
    const records = await readRecords(db, after, PAGE)
    for (const record of records) if (record.seq <= chain.seq) verifier.next(record)
    if (verifier.place().seq === after || verifier.place().seq >= chain.seq) break
    if (page % PAGES_PER_HOLD === 0) await hold(db, (await now()) + HOLD_MS)
    await new Promise(setImmediate)
  }
  verifier.end(chain.seq)
  const outside = faultOfOutside(await countOutside(db))
  return { place: verifier.place(), faults: [...ofEnds, ...outside, ...verifier.faults.described] }
}

/** The clock may have been ahead when the head was signed. */
const notAhead = (head: SignedHead, nowMs: number): SignedHead =>
  Date.parse(head.at) > nowMs ? { ...head, at: new Date(nowMs).toISOString() } : head

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
