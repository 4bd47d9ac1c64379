import type { ChainFault } from '@gatehouse/audit-chain/chain-fault'
import type { SignedHead } from '@gatehouse/audit-chain/signed-head'
import { Refused } from '../../failures.ts'
import type { AuditSource } from './audit-source.ts'

export type AuditVerdict = {
  /** the numbers of the first and the last record that were verified; null: there are none */
  readonly first: number | null
  readonly last: number | null
  readonly heads: {
    readonly count: number
    /** the newest one: note it elsewhere */
    readonly newest: ShownHead | null
  }
  /**
   * the head that covers the first record, and when that record says that it was written. Nothing
   * vouches for the record before the head was signed; null: no head covers it
   */
  readonly witnessed: { readonly head: ShownHead; readonly firstAt: string } | null
  readonly faultCount: number
  /** the first ones */
  readonly faults: readonly ChainFault[]
}

type ShownHead = {
  readonly number: number
  readonly seq: number
  readonly at: string
  readonly kid: string
}

const shown = ({ number, seq, at, kid }: SignedHead): ShownHead => ({ number, seq, at, kid })

/**
 * Verifies the whole audit log: the chain, its signed heads, and whether something is missing.
 * @param nowMs for the log of an auth service, which signs it; null: for an export
 */
export async function verifyAudit(
  { state, heads, records }: AuditSource,
  nowMs: number | null
): Promise<AuditVerdict> {
  const { verifyHeads, statedDue, recordVerifier, ...faultOf } = await verifiers()
  const { anchor, last, keys, keptSince } = state
  const due = await statedDue(heads.at(-1), keys)
  const ofLog = [
    ...faultOf.outside(state.outside),
    ...faultOf.undeleted(state.undeleted ?? 0),
    ...faultOf.deletion(due, state.deleted ?? anchor)
  ]
  const keptSinceMs = keptSince === null ? 0 : Date.parse(keptSince)
  const ofHeads = await verifyHeads({ heads, keys, anchor, last: last.seq, due, keptSinceMs })
  const verifier = recordVerifier(anchor, heads, nowMs)
  let firstAt: string | null = null
  for await (const record of records) {
    firstAt ??= record.at
    verifier.next(record)
  }
  verifier.end(last.seq)
  verifier.endAddresses()
  const end = verifier.place().seq
  const newest = heads.at(-1)
  const covering = heads.find(({ seq }) => seq > anchor.seq)
  return {
    first: end === anchor.seq ? null : anchor.seq + 1,
    last: end === anchor.seq ? null : end,
    heads: {
      count: heads.length,
      newest: newest === undefined ? null : shown(newest)
    },
    witnessed:
      covering === undefined || firstAt === null ? null : { head: shown(covering), firstAt },
    faultCount: verifier.faults.count() + ofHeads.count() + ofLog.length,
    faults: [...ofLog, ...verifier.faults.described, ...ofHeads.described]
  }
}

/** Loaded only when it is needed, because the images of other services do not contain it. */
async function verifiers() {
  try {
    const { statedDue, verifyHeads } = await import('@gatehouse/audit-chain/verify-heads')
    const { recordVerifier } = await import('@gatehouse/audit-chain/verify-records')
    const { faultOfOutside, faultOfUndeleted } = await import('@gatehouse/audit-chain/chain-fault')
    const { faultOfDeletion } = await import('@gatehouse/audit-chain/due-records')
    return {
      verifyHeads,
      statedDue,
      recordVerifier,
      outside: faultOfOutside,
      undeleted: faultOfUndeleted,
      deletion: faultOfDeletion
    }
  } catch {
    throw new Refused(
      'NO_VERIFIER',
      'This installation cannot verify the audit log. Run the command where the auth service is installed.'
    )
  }
}
