/** One row. Whatever changes the chain locks it, so that changes come one after the other. */
export type AuditChainTable = {
  one: 1
  /** the number of the last event that is chained; 0: none is */
  seq: number
  /** its digest */
  digest: string
  /** the last event that was deleted because of its age; 0: none was */
  anchor_seq: number
  anchor_digest: string
  /** an instance signs a head; milliseconds since 1970: after that, another instance may */
  signing_until_ms: number
}

/** Signed heads, as a `SignedHead` has them. */
export type AuditHeadTable = {
  /** 1 and up */
  number: number
  seq: number
  digest: string
  /** milliseconds since 1970 */
  at_ms: number
  intact: 0 | 1
  issuer: string
  previous: string
  kid: string
  jws: string
}
