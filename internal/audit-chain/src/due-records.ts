import { decodeProtectedHeader } from 'jose'
import type { ChainFault } from './chain-fault.ts'
import type { ChainPlace } from './chain-record.ts'
import type { SignedHead } from './signed-head.ts'

/**
 * A statement of the auth service: the records up to this place may be deleted because of their
 * age. It is the member `due` of the protected header of a head's JWS: only the owner of the key
 * can write it, and earlier versions, which do not know it, accept the head. That of the newest
 * head counts.
 */
export type DueRecords = ChainPlace & {
  /** since when all heads have the statement; ISO 8601, in UTC; null: since the first head */
  readonly since: string | null
}

/** The statement of a head. */
export type StatedDue = DueRecords & {
  /** the number of the head */
  readonly number: number
  /** false: an instance of an earlier version may have deleted other records */
  readonly isBinding: boolean
}

/** How long instances of an earlier version may run after an upgrade. */
const UPGRADE_MS = 24 * 3_600_000

/**
 * @param head one whose signature was verified
 * @returns null if an earlier version has signed it
 */
export function dueRecords({ jws, number, at }: SignedHead): StatedDue | null {
  const { due } = decodeProtectedHeader(jws)
  if (typeof due !== 'object' || due === null) return null
  if (!('seq' in due && 'digest' in due && 'since' in due)) return null
  const { seq, digest, since } = due
  if (typeof seq !== 'number' || typeof digest !== 'string') return null
  if (typeof since !== 'string' && since !== null) return null
  const isBinding = since === null || Date.parse(at) - Date.parse(since) >= UPGRADE_MS
  return { seq, digest, since, number, isBinding }
}

/**
 * Whether records were deleted that were not due. Pure.
 * @param due what the newest head states
 * @param deleted the last record that was deleted
 */
export function faultOfDeletion(due: StatedDue | null, deleted: ChainPlace): ChainFault[] {
  if (due?.isBinding !== true) return []
  if (deleted.seq > due.seq) {
    const detail = `records ${due.seq + 1} to ${deleted.seq} were deleted, but head ${due.number} says that only records up to ${due.seq} were due`
    return [{ fault: 'removed-early', seq: due.seq + 1, detail }]
  }
  if (deleted.seq === due.seq && deleted.digest !== due.digest) {
    const detail = `the last record that was deleted is not the one that head ${due.number} names`
    return [{ fault: 'rewritten', seq: due.seq, detail }]
  }
  return []
}
