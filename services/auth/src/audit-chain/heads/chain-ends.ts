import type { ChainFault } from '@gatehouse/audit-chain/chain-fault'
import type { ChainHead } from '@gatehouse/audit-chain/signed-head'
import { MOST_SKEW_MS } from '@gatehouse/audit-chain/tolerances'
import type { AuditChainTable } from '../chain-tables.ts'

/**
 * Faults of where the chain begins and ends, by the newest head that this instance knows: new
 * events and retention explain every difference. Pure.
 * @param keptSinceMs later records must not have been deleted
 */
export function faultsOfEnds(
  { seq, digest, number, at }: ChainHead,
  chain: AuditChainTable,
  keptSinceMs: number
): ChainFault[] {
  const faults: ChainFault[] = []
  const add = (fault: ChainFault['fault'], detail: string): void => {
    faults.push({
      fault,
      seq,
      detail: `${detail}, but head ${number} was signed for record ${seq}`
    })
  }
  if (chain.seq < seq) add('missing-tail', `the log ends with record ${chain.seq}`)
  if (chain.seq === seq && chain.digest !== digest)
    add('rewritten', 'the last record was rewritten')
  if (chain.anchor_seq === seq && chain.anchor_digest !== digest) {
    add('rewritten', 'the last record that was deleted was another one')
  }
  // Whatever was written after the head is younger than it.
  if (chain.anchor_seq > seq && Date.parse(at) > keptSinceMs + MOST_SKEW_MS) {
    add('removed-early', `records up to ${chain.anchor_seq} were deleted before their time`)
  }
  return faults
}
