import type { ChainFault } from '@gatehouse/audit-chain/chain-fault'
import type { ChainPlace } from '@gatehouse/audit-chain/chain-record'
import { type ChainHead, headDigest, type SignedHead } from '@gatehouse/audit-chain/signed-head'
import { recordVerifier } from '@gatehouse/audit-chain/verify-records'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { anchorOf, newestHead, readChain, readRecords } from './chain-rows.ts'
import type { AuditChainTable } from './chain-tables.ts'
import type { HeadSigner } from './head-signer.ts'

const HOUR_MS = 3_600_000
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
  /** is called after a head was signed, with the faults of the records since the head before */
  readonly onSigned: (head: SignedHead, faults: readonly ChainFault[]) => void
}

/**
 * Signs the end of the chain: hourly, after a change of the signing key, and after many events. The
 * instance verifies the records since the head before, so that it never vouches for records that
 * were altered after they were chained.
 * @returns a function that signs a head if one is due
 */
export function signHeads(options: HeadOptions): () => Promise<SignedHead | null> {
  /** the newest head that this instance has seen */
  let seen: SignedHead | null = null
  return async () => {
    const newest = await newestHead(options.db)
    const isSetBack = (newest?.number ?? 0) < (seen?.number ?? 0)
    const before = isSetBack ? seen : newest
    if (isDue(await readChain(options.db), before, options)) {
      const signed = (await take(options)) ? await signNext(options, before) : null
      seen = signed ?? before
    } else {
      seen = before
    }
    return seen
  }
}

function isDue(
  chain: AuditChainTable,
  before: SignedHead | null,
  { signer, clock }: HeadOptions
): boolean {
  if (before === null) return chain.seq > 0
  return (
    chain.seq - before.seq >= MOST_EVENTS ||
    // A head that is dated in the future is forged, and must not prevent others.
    Math.abs(clock() - Date.parse(before.at)) >= HOUR_MS ||
    signer.key().kid !== before.kid
  )
}

/** One instance signs at a time. */
async function take({ db, clock }: HeadOptions): Promise<boolean> {
  const nowMs = clock()
  const row = await db
    .updateTable('audit_chain')
    .set({ signing_until_ms: nowMs + HOLD_MS })
    .where('signing_until_ms', '<=', nowMs)
    .returning('one')
    .executeTakeFirst()
  return row !== undefined
}

async function signNext(
  options: HeadOptions,
  before: SignedHead | null
): Promise<SignedHead | null> {
  const { db, signer, issuer, clock, onSigned } = options
  try {
    const { place, faults } = await verifySince(db, before)
    const key = signer.key()
    const head: ChainHead = {
      ...place,
      number: (before?.number ?? 0) + 1,
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
  db: Kysely<Tables>,
  before: SignedHead | null
): Promise<{ place: ChainPlace; faults: readonly ChainFault[] }> {
  const chain = await readChain(db)
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
  return { place: verifier.place(), faults: verifier.faults.described }
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
