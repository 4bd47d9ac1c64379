import {
  type ChainFault,
  faultOfOutside,
  faultOfUndeleted
} from '@gatehouse/audit-chain/chain-fault'
import type { ChainPlace } from '@gatehouse/audit-chain/chain-record'
import { dueRecords, faultOfDeletion, type StatedDue } from '@gatehouse/audit-chain/due-records'
import {
  type ChainHead,
  HEAD_INTERVAL_MS,
  headDigest,
  type SignedHead
} from '@gatehouse/audit-chain/signed-head'
import { recordVerifier } from '@gatehouse/audit-chain/verify-records'
import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import { anchorOf, countOutside, readChain, readRecords } from '../chain-rows.ts'
import type { AuditChainTable } from '../chain-tables.ts'
import { countUndeleted } from '../undeleted-users.ts'
import { faultsOfEnds } from './chain-ends.ts'
import { type HeadBefore, headBefore } from './head-before.ts'
import type { HeadSigner } from './head-signer.ts'
import { nextDue } from './next-due.ts'
import { endTurn, pageHolder, takeTurn } from './signing-turn.ts'

/** After so many events, a head is signed earlier, so that no verification takes long. */
const MOST_EVENTS = 10_000
const PAGE = 500
/** Only a log from before an upgrade has records of this age when its first head is signed. */
const HISTORY_MS = 24 * 3_600_000

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
  /** records that were written earlier are due for deletion; milliseconds since 1970 */
  readonly dueBeforeMs: () => Promise<number>
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
  const isNew = onlyNew()
  return async (isWhole = true) => {
    const before = await headBefore(db, seen, signer, options.keptSinceMs())
    if (before.isGenuine) seen = before.head
    if (!isWhole) return seen
    const nowMs = await options.now()
    const isNow = isDue(await readChain(db), before.head, signer, nowMs)
    if (isNow && (await takeTurn(db, nowMs)))
      seen = (await signNext(options, before, isNew)) ?? seen
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

/** A record that is due and was altered is reported once: it may stay for a long time. */
function onlyNew(): (fault: ChainFault) => boolean {
  let reported = 0
  return ({ seq }) => {
    const isNew = seq !== reported
    reported = seq
    return isNew
  }
}

async function signNext(
  options: HeadOptions,
  { head: before, number, isGenuine }: HeadBefore,
  isNew: (fault: ChainFault) => boolean
): Promise<SignedHead | null> {
  const { db, signer, issuer, now, onSigned } = options
  try {
    const stated = before !== null && (await signer.hasSigned(before)) ? dueRecords(before) : null
    const at = new Date(await now()).toISOString()
    const isNewLog = before === null && !(await hasHistory(db, at))
    const since = stated !== null ? stated.since : isNewLog ? null : at
    const { place, anchor, faults: ofRecords } = await verifySince(options, before, stated)
    const start = stated !== null && stated.seq >= anchor.seq ? stated : anchor
    const due = await nextDue({
      db,
      from: { seq: start.seq, digest: start.digest },
      upTo: place.seq,
      beforeMs: await options.dueBeforeMs(),
      mayHaveGap: since !== null && stated?.isBinding !== true,
      newest: isGenuine ? before : null,
      onPage: pageHolder(db, options.now)
    })
    const detail = `the newest head is not what a published key of this service has signed, or does not follow the one before it`
    const forged = { fault: 'forged-head', seq: before?.seq ?? 0, detail } as const
    const found = [...ofRecords, ...due.faults.filter(isNew)]
    const faults = isGenuine ? found : [forged, ...found]
    const key = signer.key()
    const head: ChainHead = {
      ...place,
      number: number + 1,
      at,
      intact: faults.length === 0,
      issuer,
      previous: before === null ? '' : headDigest(before)
    }
    const jws = await signer.sign(head, { ...due.place, since }, key)
    const signed = { ...head, kid: key.kid, jws }
    if (!(await insertHead(db, signed))) return null
    onSigned(signed, faults)
    return signed
  } finally {
    await endTurn(db)
  }
}

/** Whether the log is older than its chain, so that versions without one may still run. */
async function hasHistory(db: Kysely<Tables>, at: string): Promise<boolean> {
  const [first] = await readRecords(db, 0, 1)
  return first !== undefined && Date.parse(first.at) < Date.parse(at) - HISTORY_MS
}

/**
 * Verifies the records since a head, and the beginning of the chain. Returns the place of the last
 * record, and of the last one that was deleted.
 */
async function verifySince(
  options: HeadOptions,
  before: SignedHead | null,
  stated: StatedDue | null
): Promise<{ place: ChainPlace; anchor: ChainPlace; faults: readonly ChainFault[] }> {
  const { db, now, keptSinceMs } = options
  const chain = await readChain(db)
  const anchor = anchorOf(chain)
  const ofEnds = before === null ? [] : faultsOfEnds(before, chain, keptSinceMs())
  const ofDeletion = faultOfDeletion(stated, anchor)
  const from = before !== null && before.seq > anchor.seq ? before : anchor
  const nowMs = await now()
  const heads = before === null ? [] : [notAhead(before, nowMs)]
  const verifier = recordVerifier({ seq: from.seq, digest: from.digest }, heads, null, nowMs)
  const onPage = pageHolder(db, options.now)
  for (;;) {
    const after = verifier.place().seq
    const records = await readRecords(db, after, PAGE)
    for (const record of records) if (record.seq <= chain.seq) verifier.next(record)
    if (verifier.place().seq === after || verifier.place().seq >= chain.seq) break
    await onPage()
  }
  verifier.end(chain.seq)
  const outside = [
    ...faultOfOutside(await countOutside(db)),
    ...faultOfUndeleted(await countUndeleted(db))
  ]
  const faults = [...ofEnds, ...ofDeletion, ...outside, ...verifier.faults.described]
  return { place: verifier.place(), anchor, faults }
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
