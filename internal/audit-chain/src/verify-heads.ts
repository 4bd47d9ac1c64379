import {
  calculateJwkThumbprint,
  decodeProtectedHeader,
  errors,
  flattenedVerify,
  importJWK,
  type JWK
} from 'jose'
import { type ChainFaults, chainFaults } from './chain-fault.ts'
import type { ChainPlace } from './chain-record.ts'
import { dueRecords, type StatedDue } from './due-records.ts'
import { HEAD_TYPE, headDigest, headPayload, type SignedHead } from './signed-head.ts'

/** A key that may have signed heads. */
export type HeadKey = {
  /** with `kid` and `alg` */
  readonly jwk: JWK
  /** whether the key set that gateways trust has it */
  readonly published: boolean
}

export type HeadVerification = {
  /** all heads, the oldest first; or those that follow `before` */
  readonly heads: readonly SignedHead[]
  /** the head before the first of them, which was verified earlier; null: there is none */
  readonly before?: SignedHead | null
  /** false: newer heads exist, which are verified later */
  readonly hasNewest?: boolean
  readonly keys: readonly HeadKey[]
  /** the place up to which records were deleted */
  readonly anchor: ChainPlace
  /** the last record of the chain */
  readonly last: number
  /** what the newest head states; see `statedDue` */
  readonly due: StatedDue | null
  /** without such a statement, later records must not have been deleted; milliseconds since 1970 */
  readonly keptSinceMs: number
}

/**
 * Verifies the signatures of heads, their order, and that the records that they were signed for
 * have not been removed. A person who can write the database but has no signing key can remove only
 * the newest heads, together with the records since. A head that was kept elsewhere shows that.
 */
export async function verifyHeads(options: HeadVerification): Promise<ChainFaults> {
  const { heads, keys, last, hasNewest = true } = options
  const faults = chainFaults()
  const known = new Map(keys.map((key) => [key.jwk.kid, key]))
  let before = options.before ?? undefined
  for (const head of heads) {
    noteOrder(head, before, options, faults)
    if (!(await isSigned(head, known.get(head.kid)?.jwk))) {
      const detail = `the signature of head ${head.number} is not valid for key ${head.kid}`
      faults.add({ fault: 'forged-head', seq: head.seq, detail })
    }
    if (!head.intact) {
      const detail = `when head ${head.number} was signed at ${head.at}, records up to ${head.seq} did not verify`
      faults.add({ fault: 'not-intact', seq: head.seq, detail })
    }
    if (head.seq > last) {
      const detail = `head ${head.number} was signed for record ${head.seq}, but the log ends with record ${last}`
      faults.add({ fault: 'missing-tail', seq: last + 1, detail })
    }
    noteEarlyRemoval(head, before, options, faults)
    before = head
  }
  if (hasNewest && before !== undefined && known.get(before.kid)?.published !== true) {
    const detail = `the newest head, ${before.number}, is signed by key ${before.kid}, which is not published`
    faults.add({ fault: 'unpublished-key', seq: before.seq, detail })
  }
  return faults
}

function noteOrder(
  head: SignedHead,
  before: SignedHead | undefined,
  { anchor, due, keptSinceMs }: HeadVerification,
  faults: ChainFaults
): void {
  if (before === undefined) {
    // Retention deletes the oldest heads, together with records, and keeps one that shows their
    // age.
    const isOld = anchor.seq > 0 && Date.parse(head.at) < keptSinceMs
    if (head.number === 1 || isOld || isDue(head, due)) return
    const detail = `head ${head.number} is the first one, although no head before it was due for deletion`
    faults.add({ fault: 'missing-head', seq: 1, detail })
    return
  }
  const follows =
    head.number === before.number + 1 &&
    head.previous === headDigest(before) &&
    head.seq >= before.seq
  if (follows) return
  const detail = `head ${head.number} does not follow head ${before.number}`
  faults.add({ fault: 'missing-head', seq: before.seq, detail })
}

const isDue = ({ seq }: SignedHead, due: StatedDue | null): boolean =>
  due !== null && seq <= due.seq

/**
 * All records between two heads are younger than the first of them. A binding statement says it
 * exactly, whatever the retention is now.
 */
function noteEarlyRemoval(
  head: SignedHead,
  before: SignedHead | undefined,
  { anchor, due, keptSinceMs }: HeadVerification,
  faults: ChainFaults
): void {
  if (due?.isBinding === true || isDue(head, due)) return
  if (before === undefined || head.seq === before.seq || head.seq > anchor.seq) return
  if (Date.parse(before.at) < keptSinceMs) return
  const detail = `records ${before.seq + 1} to ${head.seq} were deleted before their time`
  faults.add({ fault: 'removed-early', seq: before.seq + 1, detail })
}

/**
 * What the newest head states about due records; null if it states nothing or is not signed by a
 * published key.
 */
export async function statedDue(
  newest: SignedHead | undefined,
  keys: readonly HeadKey[]
): Promise<StatedDue | null> {
  const key = keys.find(({ jwk, published }) => published && jwk.kid === newest?.kid)
  if (newest === undefined || !(await isSigned(newest, key?.jwk))) return null
  return dueRecords(newest)
}

/** Whether the signature of a head is valid for a key, and is that of a head. */
export async function isSigned(head: SignedHead, jwk: JWK | undefined): Promise<boolean> {
  const [header = '', between, signature = '', ...rest] = head.jws.split('.')
  if (jwk === undefined || between !== '' || rest.length > 0) return false
  try {
    const { typ, kid, alg } = decodeProtectedHeader(head.jws)
    if (typ !== HEAD_TYPE || kid !== head.kid || alg === undefined || alg !== jwk.alg) return false
    // A key is named by its thumbprint (RFC 7638), so that no other key can have its name.
    if ((await calculateJwkThumbprint(jwk)) !== kid) return false
    const payload = Buffer.from(headPayload(head)).toString('base64url')
    const key = await importJWK(jwk, alg)
    await flattenedVerify({ protected: header, payload, signature }, key, { algorithms: [alg] })
    return true
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return false
    throw error
  }
}
